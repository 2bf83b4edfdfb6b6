// Brings this member into the replica set and, where a login is configured, creates the users.
// Safe to run at any time and on all members at once.
// Exit 0: this member is in the set, and the users exist. Exit 1: not yet, try again.
//
// A second set must never be started beside one that holds data, for example by a first member
// that lost its volume. So the set is started only when every other member answers and none of
// them belongs to one. Members are added, never removed: that is a person's decision.
//
// Where JOIN names members in another cluster, their set is joined and none is started. Who joins it
// has no vote: how many votes are in which cluster is a person's decision, too.
const { readdirSync, readFileSync } = require("fs");
const { join } = require("path");

const { POD_NAME, MEMBERS, SERVICE_DOMAIN, JOIN, REPLICA_SET, LOCAL_URI } = process.env;
// Set by base/components/mongodb-password and base/components/mongodb-x509; without either the
// database asks for no login.
const { ADMIN_PASSWORD_FILE, API_USER, API_PASSWORD_FILE, API_DATABASE } = process.env;
const { USERS_DIRECTORY } = process.env;

// What the server answers before a login, and when a login fails.
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const USER_EXISTS = 51003;

const hosts = [];
for (let ordinal = 0; ordinal < Number(MEMBERS); ordinal += 1) {
  hosts.push(`mongodb-${ordinal}.${SERVICE_DOMAIN}:27017`);
}
const elsewhere = JOIN ? JOIN.split(" ") : [];
const self = `${POD_NAME}.${SERVICE_DOMAIN}:27017`;

// Another member, asked in the way of LOCAL_URI.
function adminOf(host) {
  const uri = new URL(LOCAL_URI);
  uri.host = host;
  return new Mongo(uri.href).getDB("admin");
}

// A password without the newline that editors and `echo` put at the end of a file.
function secret(path) {
  return readFileSync(path, "utf8").replace(/\r?\n$/, "");
}

// How the administrator logs in, and who the users are: the administrator first, with the database
// that knows them and what they are made from. Null without a login.
function configuredLogin() {
  if (ADMIN_PASSWORD_FILE) {
    const mechanism = "SCRAM-SHA-256";
    const user = (name, file, roles) => ({
      name,
      properties: { pwd: secret(file), roles, mechanisms: [mechanism] },
    });
    const administrator = user("admin", ADMIN_PASSWORD_FILE, ["root"]);
    return {
      database: "admin",
      credentials: { user: administrator.name, pwd: administrator.properties.pwd, mechanism },
      users: [
        administrator,
        // The API reads and writes its own database and does nothing else.
        user(API_USER, API_PASSWORD_FILE, [{ role: "readWrite", db: API_DATABASE }]),
      ],
    };
  }
  if (USERS_DIRECTORY) {
    // Each user is a file, and has the subject of his certificate as name.
    const read = (file) => {
      const { user, roles } = JSON.parse(readFileSync(join(USERS_DIRECTORY, file), "utf8"));
      return { name: user, properties: { roles } };
    };
    const administrator = "administrator.json";
    const others = readdirSync(USERS_DIRECTORY)
      .filter((file) => file.endsWith(".json") && file !== administrator)
      .sort();
    return {
      database: "$external",
      credentials: { mechanism: "MONGODB-X509" },
      users: [administrator, ...others].map(read),
    };
  }
  return null;
}
const login = configuredLogin();

// Whether the login as administrator succeeds; where there are no users, nothing is needed.
function logIn(admin) {
  if (login === null) {
    return true;
  }
  try {
    admin.getSiblingDB(login.database).auth(login.credentials);
    return true;
  } catch (error) {
    if (error.code === AUTHENTICATION_FAILED) {
      return false;
    }
    throw error;
  }
}

// Runs on the primary, from the same pod: until the first user exists, mongod lets a connection
// from localhost create it.
function createAdministrator() {
  const [{ name, properties }] = login.users;
  try {
    db.getSiblingDB(login.database).runCommand({ createUser: name, ...properties });
    print(`created the administrator ${name}`);
  } catch (error) {
    if (error.code !== UNAUTHORIZED && error.code !== USER_EXISTS) {
      throw error;
    }
  }
}

// An existing user gets the roles and the password that are configured now.
function createOrUpdate({ name, properties }) {
  const database = db.getSiblingDB(login.database);
  const exists = database.runCommand({ usersInfo: name }).users.length > 0;
  database.runCommand({ [exists ? "updateUser" : "createUser"]: name, ...properties });
  print(`${exists ? "updated" : "created"} the user ${name}`);
}

// Whether the users are there. The primary makes them, the others receive them.
function usersExist() {
  if (login === null) {
    return true;
  }
  const primary = db.hello().isWritablePrimary;
  if (primary) {
    createAdministrator();
  }
  if (!logIn(db)) {
    print(primary ? "the administrator cannot log in" : "waiting: the users are not here yet");
    return false;
  }
  // Before anything that needs a majority: it may take these certificates to have one.
  rotateCertificates();
  if (primary) {
    login.users.slice(1).forEach(createOrUpdate);
  }
  return true;
}

// mongod reads its certificate files at its start and when it is told to. Open connections stay,
// new ones are made with what is in the files now; with files that are no good it keeps the old.
function rotateCertificates() {
  if (login.database === "$external") {
    db.adminCommand({ rotateCertificates: 1, message: "by the helper of this member" });
    print("mongod has read its certificates");
  }
}

// Whether this member is in the set.
function inReplicaSet() {
  if (db.hello().setName) {
    return true;
  }
  const silent = [];
  let peerInSet = null;
  for (const host of [...hosts, ...elsewhere]) {
    if (host !== self) {
      try {
        const hello = adminOf(host).runCommand({ hello: 1 });
        if (hello.setName) {
          peerInSet = hello;
        }
      } catch (error) {
        silent.push(host);
      }
    }
  }

  if (peerInSet !== null && !peerInSet.primary) {
    print("waiting: the replica set has no primary");
  } else if (peerInSet !== null) {
    joinSetOf(peerInSet.primary);
  } else if (silent.length > 0) {
    print(`waiting: no answer from ${silent.join(", ")}`);
  } else if (elsewhere.length > 0) {
    print(`waiting: ${elsewhere.join(", ")} belong to no replica set`);
  } else if (self !== hosts[0]) {
    print(`waiting: ${hosts[0]} starts the replica set`);
  } else {
    db.adminCommand({
      replSetInitiate: {
        _id: REPLICA_SET,
        members: hosts.map((host, id) => ({ _id: id, host })),
      },
    });
    print(`started the replica set ${REPLICA_SET} with ${hosts.join(", ")}`);
  }
  return false;
}

function joinSetOf(host) {
  const primary = adminOf(host);
  if (!logIn(primary)) {
    print("waiting: the primary has no users yet, or another administrator");
    return;
  }
  const config = primary.runCommand({ replSetGetConfig: 1 }).config;
  if (config.members.some((member) => member.host === self)) {
    print("waiting: this member is in the configuration and will receive it");
    return;
  }
  const lastId = Math.max(...config.members.map((member) => member._id));
  const withoutVote = elsewhere.length > 0 ? { priority: 0, votes: 0 } : {};
  config.members.push({ _id: lastId + 1, host: self, ...withoutVote });
  config.version += 1;
  primary.runCommand({ replSetReconfig: config });
  print(`added ${self}`);
}

const done = inReplicaSet() && usersExist();
if (done) {
  print("this member is in the replica set");
}
quit(done ? 0 : 1);
