// Runs a script as mongosh does, against members of a replica set that are played here.
// Reads {script, environment, set} as JSON and writes {status, printed, set}.
//
// The members know what base/mongodb/replica-set.js needs of mongod: the localhost exception, the
// login, and who is primary. What one of them is told, the others have at once.
const { readFileSync } = require("fs");
const vm = require("vm");

const { script, environment, set } = JSON.parse(readFileSync(0, "utf8"));

function fail(code, message) {
  throw Object.assign(new Error(message), { code });
}

class Mongo {
  constructor(uri) {
    const { host, hostname } = new URL(uri);
    this.isLocal = hostname === "127.0.0.1";
    this.host = this.isLocal ? set.self : host;
    this.isLoggedIn = false;
    if (set.silent.includes(this.host)) {
      fail(undefined, "Server selection timed out");
    }
  }

  getDB(name) {
    return new Database(this, name);
  }
}

class Database {
  constructor(mongo, name) {
    this.mongo = mongo;
    this.name = name;
  }

  getSiblingDB(name) {
    return this.mongo.getDB(name);
  }

  hello() {
    return this.runCommand({ hello: 1 });
  }

  adminCommand(command) {
    return this.getSiblingDB("admin").runCommand(command);
  }

  auth({ user, pwd, mechanism }) {
    const name = mechanism === "MONGODB-X509" ? set.subject : user;
    const known = set.joined.includes(this.mongo.host) && set.users[this.name]?.[name];
    if (!known || (known.pwd ?? null) !== (pwd ?? null)) {
      fail(18, "Authentication failed");
    }
    this.mongo.isLoggedIn = true;
  }

  runCommand(command) {
    const [[name, argument]] = Object.entries(command);
    const { host, isLocal, isLoggedIn } = this.mongo;
    if (name === "hello") {
      return set.joined.includes(host)
        ? { setName: "rs0", primary: set.primary ?? undefined, isWritablePrimary: set.primary === host }
        : {};
    }
    const hasUsers = Object.values(set.users).some((users) => Object.keys(users).length > 0);
    const isExcepted = isLocal && !hasUsers && ["replSetInitiate", "createUser"].includes(name);
    if (set.hasAccessControl && !isLoggedIn && !isExcepted) {
      fail(13, `command ${name} requires authentication`);
    }
    set.commands.push(`${host.split(".")[0]} ${name}`);
    const users = (set.users[this.name] ??= {});
    switch (name) {
      case "replSetInitiate":
        set.config = { version: 1, ...argument };
        set.joined = argument.members.map((member) => member.host);
        [set.primary] = set.joined;
        return {};
      case "replSetGetConfig":
        return { config: structuredClone(set.config) };
      case "replSetReconfig":
        if (argument.version !== set.config.version + 1) {
          fail(103, "the version is not the next one");
        }
        set.config = argument;
        set.joined = argument.members.map((member) => member.host);
        return {};
      case "usersInfo":
        return { users: argument in users ? [users[argument]] : [] };
      case "createUser":
      case "updateUser": {
        if ((name === "createUser") === argument in users) {
          fail(name === "createUser" ? 51003 : 11, `${name} ${argument}`);
        }
        const { [name]: _, ...properties } = command;
        users[argument] = { ...users[argument], ...properties };
        return {};
      }
      case "rotateCertificates":
        return {};
      default:
        return fail(59, `no such command: ${name}`);
    }
  }
}

const printed = [];
// What ends a script wherever it is.
class Quit extends Error {}

Object.assign(process.env, environment);
const sandbox = {
  Mongo,
  URL,
  db: new Mongo(environment.LOCAL_URI).getDB("admin"),
  print: (line) => printed.push(line),
  process,
  quit: (status) => {
    throw Object.assign(new Quit(), { status });
  },
  require,
};
let status = null;
try {
  vm.runInNewContext(readFileSync(script, "utf8"), sandbox, { filename: script });
} catch (error) {
  if (!(error instanceof Quit)) {
    throw error;
  }
  ({ status } = error);
}
process.stdout.write(JSON.stringify({ status, printed, set }));
