// Brings this member into the replica set and, where passwords are configured, creates the users.
// Safe to run at any time and on all members at once.
// Exit 0: this member is in the set, and the users exist. Exit 1: not yet, try again.
//
// A second set must never be started beside one that holds data, for example by a first member
// that lost its volume. So the set is started only when every other member answers and none of
// them belongs to one. Members are added, never removed: that is a person's decision.
const { readFileSync } = require("fs");

const { POD_NAME, MEMBERS, SERVICE_DOMAIN, REPLICA_SET } = process.env;
// Set by base/components/mongodb-password; without them the database asks for no login.
const { ADMIN_PASSWORD_FILE, API_USER, API_PASSWORD_FILE, API_DATABASE } = process.env;

const ADMIN = "admin";
// What the server answers before a login, and when a login fails.
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const USER_EXISTS = 51003;

const hosts = [];
for (let ordinal = 0; ordinal < Number(MEMBERS); ordinal += 1) {
  hosts.push(`mongodb-${ordinal}.${SERVICE_DOMAIN}:27017`);
}
const self = `${POD_NAME}.${SERVICE_DOMAIN}:27017`;

function adminOf(host) {
  return new Mongo(
    `mongodb://${host}/?directConnection=true&serverSelectionTimeoutMS=3000`,
  ).getDB("admin");
}

// A password without the newline that editors and `echo` put at the end of a file.
function secret(path) {
  return readFileSync(path, "utf8").replace(/\r?\n$/, "");
}

// Whether the login as administrator succeeds; where there are no users, nothing is needed.
function logIn(admin) {
  if (!ADMIN_PASSWORD_FILE) {
    return true;
  }
  try {
    admin.auth({ user: ADMIN, pwd: secret(ADMIN_PASSWORD_FILE), mechanism: "SCRAM-SHA-256" });
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
function createAdmin(admin) {
  try {
    admin.runCommand({
      createUser: ADMIN,
      pwd: secret(ADMIN_PASSWORD_FILE),
      roles: ["root"],
      mechanisms: ["SCRAM-SHA-256"],
    });
    print("created the administrator");
  } catch (error) {
    if (error.code !== UNAUTHORIZED && error.code !== USER_EXISTS) {
      throw error;
    }
  }
}

// The API reads and writes its own database and does nothing else. An existing user gets the
// password that is configured now.
function createApiUser(admin) {
  const user = {
    pwd: secret(API_PASSWORD_FILE),
    roles: [{ role: "readWrite", db: API_DATABASE }],
    mechanisms: ["SCRAM-SHA-256"],
  };
  const exists = admin.runCommand({ usersInfo: API_USER }).users.length > 0;
  admin.runCommand(exists ? { updateUser: API_USER, ...user } : { createUser: API_USER, ...user });
  print(`${exists ? "updated" : "created"} the user ${API_USER}`);
}

// Whether the users are there. The primary makes them, the others receive them.
function usersExist() {
  if (!ADMIN_PASSWORD_FILE) {
    return true;
  }
  const primary = db.hello().isWritablePrimary;
  if (primary) {
    createAdmin(db);
  }
  if (!logIn(db)) {
    print(primary ? "the administrator has another password" : "waiting: the users are not here yet");
    return false;
  }
  if (primary) {
    createApiUser(db);
  }
  return true;
}

// Whether this member is in the set.
function inReplicaSet() {
  if (db.hello().setName) {
    return true;
  }
  const silent = [];
  let peerInSet = null;
  for (const host of hosts) {
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
    print("waiting: the primary has no users yet, or another password");
    return;
  }
  const config = primary.runCommand({ replSetGetConfig: 1 }).config;
  if (config.members.some((member) => member.host === self)) {
    print("waiting: this member is in the configuration and will receive it");
    return;
  }
  const lastId = Math.max(...config.members.map((member) => member._id));
  config.members.push({ _id: lastId + 1, host: self });
  config.version += 1;
  primary.runCommand({ replSetReconfig: config });
  print(`added ${self}`);
}

const done = inReplicaSet() && usersExist();
if (done) {
  print("this member is in the replica set");
}
quit(done ? 0 : 1);
