//! A key-value store on a Redis server.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plugin_sdk::services::kv::Kv;
use plugin_sdk::{Error, Result, code};
use redis::{Client, Cmd, Connection, FromRedisValue, IntoConnectionInfo as _, RedisError};
use serde_json::json;

use super::{KeyLimits, Listed, STORE};
use crate::failure::{Failure, FailureKind};
use crate::services::quota::{LIMIT, counted};
use crate::services::{error, time_left};
use crate::sync::lock;
use crate::text;

/// The default timeout of an operation.
pub(in crate::services) const TIMEOUT: Duration = Duration::from_secs(5);

/// The upper bound of any timeout, so that adding it to the current time cannot overflow.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest reason in an error, in bytes.
const MAX_REASON: usize = 300;

/// The most connections that are kept open between operations.
const MAX_IDLE: usize = 16;

/// The time after which an unused connection is tested before it is used again, and the longest
/// time that the test may take.
const TESTED_AFTER: Duration = Duration::from_secs(1);

// Every namespace has two keys on the server: a hash with the values by key, and a sorted set of
// the same keys, which all have the score 0 and are therefore in the order of their bytes. The
// field of the hash with an empty name, which is not a valid key, holds the bytes that the
// namespace takes. Each script runs as a whole or not at all. It looks at both types before it
// writes, so that a key of another type cannot stop it halfway.

/// Stores a value: `key`, `value`, the bytes that the entry counts without its value, the limit.
/// Returns whether the value fits.
const SET: &str = r"
local taken = tonumber(redis.call('HGET', KEYS[1], '') or 0)
local before = 0
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  before = ARGV[3] + redis.call('HSTRLEN', KEYS[1], ARGV[1])
end
local after = taken - before + ARGV[3] + #ARGV[2]
if after > tonumber(ARGV[4]) and after > taken then return 0 end
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[1], '', after - taken)
return 1
";

/// Removes a value: `key`, the bytes that the entry counts without its value. Returns whether it
/// existed.
const DELETE: &str = r"
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local before = ARGV[2] + redis.call('HSTRLEN', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HINCRBY', KEYS[1], '', -before)
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
return 1
";

/// Lists the keys with a prefix: `prefix`, the most keys, the most bytes of them. Ends with the
/// first key beyond a bound. No key contains the byte 255, because keys are UTF-8.
const LIST: &str = r"
local from, to = '[' .. ARGV[1], '(' .. ARGV[1] .. '\255'
local keys, bytes = {}, 0
repeat
  local page = redis.call('ZRANGEBYLEX', KEYS[2], from, to, 'LIMIT', 0, 1000)
  for _, key in ipairs(page) do
    keys[#keys + 1] = key
    bytes = bytes + #key
    if #keys > tonumber(ARGV[2]) or bytes > tonumber(ARGV[3]) then return keys end
    from = '(' .. key
  end
until #page < 1000
return keys
";

/// Values by key, on a Redis server that any number of hosts share. Clones share their connections.
///
/// Each plugin of a host should have its own [`namespace`](Self::namespace), unless plugins may see
/// each other's keys. A change and its check against [the limit](Self::limit_bytes) are one atomic
/// step, also between hosts.
///
/// # Failures
///
/// An operation takes no longer than [the store's timeout](Self::timeout) and [the time left to the
/// plugin's call](crate::services::time_left), and then returns the error `timeout`. This bounds
/// the connection and each wait for the server, but not the lookup of the server's name, nor a
/// value that arrives slowly but steadily. An unreachable server, and one that refuses a command,
/// result in `unavailable`. The store sends nothing twice: a `set` or `delete` that ended with one
/// of these errors may have happened or not. The next operation opens a new connection, so a store
/// keeps working after its server was restarted.
///
/// # The server
///
/// It must have the commands of Redis 3.2, and must not be a cluster. Changes survive as far as the
/// server keeps them: with `appendonly yes` and `appendfsync always`, a change is on disk when the
/// call returns; with `appendfsync everysec`, a crash loses about the last second. With a
/// `maxmemory-policy` other than `noeviction`, the server may drop values without notice.
///
/// The keys `plugin-sdk:kv:values:NAMESPACE` and `plugin-sdk:kv:keys:NAMESPACE` hold the values of
/// a namespace and the order of its keys. Only this store should write to them.
///
/// ```no_run
/// use plugin_sdk::services::kv::Kv;
/// use plugin_sdk_harness::services::RedisKv;
///
/// let server = RedisKv::connect("redis://127.0.0.1:6379")?;
/// let mut greeter = server.namespace("greeter");
/// greeter.set("last", b"Ada").unwrap();
///
/// assert_eq!(greeter.get("last").unwrap(), Some(b"Ada".to_vec()));
/// assert_eq!(server.namespace("counter").get("last").unwrap(), None);
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone)]
pub struct RedisKv {
    server: Arc<Server>,
    namespace: Arc<str>,
    limit: u64,
    keys: KeyLimits,
    timeout: Duration,
}

/// A server, and the connections to it that are not in use, with the times of their last use.
struct Server {
    client: Client,
    idle: Mutex<Vec<(Connection, Instant)>>,
}

impl RedisKv {
    /// Connects to a server: `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, or
    /// `redis+unix://PATH` for a socket of this machine.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Service`] if the URL is invalid, or if the server does not answer within 5
    /// seconds, refuses the name and password, or does not let the store run scripts. No failure
    /// contains the password.
    pub fn connect(url: &str) -> Result<Self, Failure> {
        let failed = |reason| {
            Failure::load(FailureKind::Service {
                service: "kv",
                reason,
            })
        };
        let info = url.into_connection_info().map_err(|error| {
            failed(format!(
                "the URL of the Redis server is invalid: {}",
                reason(&error)
            ))
        })?;
        // Saves an exchange for each connection, which old servers do not understand.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let client = Client::open(info.set_redis_settings(settings))
            .map_err(|error| failed(reason(&error)))?;
        let store = RedisKv {
            server: Arc::new(Server {
                client,
                idle: Mutex::default(),
            }),
            namespace: Arc::from(""),
            limit: LIMIT,
            keys: KeyLimits::default(),
            timeout: TIMEOUT,
        };
        let mut probe = redis::cmd("EVAL");
        probe.arg("return 1").arg(0);
        store
            .run::<i64>(&probe)
            .map_err(|error| failed(error.message().to_owned()))?;
        Ok(store)
    }

    /// Returns a store on the same server whose keys no other namespace sees.
    pub fn namespace(&self, name: &str) -> Self {
        RedisKv {
            namespace: Arc::from(name),
            ..self.clone()
        }
    }

    /// Sets the limit of keys and values together in the namespace, in bytes. The default is 64
    /// MiB; each entry counts 128 bytes more than its key and its value. A write beyond the limit
    /// is refused as `quota_exceeded`. What other hosts wrote to the namespace counts too; each
    /// host applies its own limit.
    pub fn limit_bytes(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the longest key, in bytes. The default is 1024; a longer key is the error
    /// `invalid_argument`.
    pub fn max_key_bytes(mut self, bytes: usize) -> Self {
        self.keys.bytes = bytes;
        self
    }

    /// Sets how many keys may be listed at once, and how many bytes of them. The default is 100,000
    /// keys and 16 MiB; more are the error `too_large`.
    pub fn max_listed(mut self, keys: usize, bytes: usize) -> Self {
        (self.keys.listed, self.keys.listed_bytes) = (keys, bytes);
        self
    }

    /// Sets the longest time that any operation may take, at most a day. The default is 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    fn values_key(&self) -> String {
        format!("plugin-sdk:kv:values:{}", self.namespace)
    }

    /// Returns a command that runs a script on the namespace.
    fn script(&self, script: &str) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command
            .arg(script)
            .arg(2)
            .arg(self.values_key())
            .arg(format!("plugin-sdk:kv:keys:{}", self.namespace));
        command
    }

    /// Runs a command on a connection of its own.
    fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let time = Time::of_operation(self.timeout);
        let ran = self.server.connection(time).and_then(|mut connection| {
            let answer = query(command, &mut connection, time.left()?);
            match &answer {
                Ok(_) => self.server.keep(connection),
                // A late answer must not reach the next command. After a failover, a server that
                // now refuses writes may not be the one that a new connection reaches.
                Err(_) => self.server.disconnect(),
            }
            answer
        });
        ran.map_err(|error| self.explained(&error, time))
    }

    fn explained(&self, error: &RedisError, time: Time) -> Error {
        let server = self.server.client.get_connection_info().addr();
        if error.is_timeout() {
            let allowed = time.allowed.as_millis() as u64;
            return Error::new(
                code::TIMEOUT,
                format!("the Redis server at {server} did not answer within {allowed} ms"),
            )
            .with_details(&json!({ "timeout_ms": allowed }));
        }
        error::unavailable(
            &format!("{STORE} cannot use the Redis server at {server}"),
            reason(error),
        )
    }
}

impl Server {
    /// Returns an unused connection, or opens one.
    fn connection(&self, time: Time) -> Result<Connection, RedisError> {
        while let Some((mut connection, used)) = self.take() {
            if used.elapsed() < TESTED_AFTER || time.test(&mut connection) {
                return Ok(connection);
            }
            self.disconnect();
        }
        self.client.get_connection_with_timeout(time.left()?)
    }

    fn take(&self) -> Option<(Connection, Instant)> {
        lock(&self.idle).pop()
    }

    fn keep(&self, connection: Connection) {
        let mut idle = lock(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push((connection, Instant::now()));
        }
    }

    /// Closes all unused connections: when one is broken, the others probably are too.
    fn disconnect(&self) {
        let closed = std::mem::take(&mut *lock(&self.idle));
        drop(closed);
    }
}

/// The time of an operation.
#[derive(Clone, Copy)]
struct Time {
    deadline: Instant,
    allowed: Duration,
}

impl Time {
    fn of_operation(timeout: Duration) -> Self {
        let allowed = time_left().map_or(timeout, |left| left.min(timeout));
        Time {
            deadline: Instant::now() + allowed,
            allowed,
        }
    }

    /// Returns the time left, which is never zero.
    fn left(self) -> Result<Duration, RedisError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
            false => Ok(left),
        }
    }

    /// Returns whether a connection works. Takes at most a quarter of the time left.
    fn test(self, connection: &mut Connection) -> bool {
        let ping = |left: Duration| {
            let wait = (left / 4).clamp(Duration::from_millis(1), TESTED_AFTER);
            query::<()>(&redis::cmd("PING"), connection, wait)
        };
        self.left().and_then(ping).is_ok()
    }
}

/// Sends a command, and waits for its answer for a time that is not zero.
fn query<T: FromRedisValue>(
    command: &Cmd,
    connection: &mut Connection,
    wait: Duration,
) -> Result<T, RedisError> {
    connection.set_write_timeout(Some(wait))?;
    connection.set_read_timeout(Some(wait))?;
    command.query(connection)
}

/// Returns the reason for an error, without line breaks and of a bounded length.
fn reason(error: &RedisError) -> String {
    text::one_line(&error.to_string(), MAX_REASON)
}

impl std::fmt::Debug for RedisKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let server = self.server.client.get_connection_info().addr();
        f.debug_struct("RedisKv")
            .field("server", &server.to_string())
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Kv for RedisKv {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        self.keys.check(key)?;
        let mut command = redis::cmd("HGET");
        command.arg(self.values_key()).arg(key);
        self.run(&command)
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        self.keys.check(key)?;
        let mut command = self.script(SET);
        command
            .arg(key)
            .arg(value)
            .arg(counted(key, 0))
            .arg(self.limit);
        match self.run(&command)? {
            true => Ok(()),
            false => Err(error::quota_exceeded(STORE, self.limit, "limit_bytes")),
        }
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        self.keys.check(key)?;
        let mut command = self.script(DELETE);
        command.arg(key).arg(counted(key, 0));
        self.run(&command)
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        let mut command = self.script(LIST);
        let KeyLimits {
            listed,
            listed_bytes,
            ..
        } = self.keys;
        command.arg(prefix).arg(listed).arg(listed_bytes);
        let mut listed = Listed::new(self.keys);
        for key in self.run::<Vec<String>>(&command)? {
            listed.add(&key)?;
        }
        Ok(listed.keys)
    }
}
