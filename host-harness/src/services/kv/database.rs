//! In a database file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plugin_sdk::services::kv::Kv;
use plugin_sdk::{Error, Result, code};
use redb::{Database, ReadableTable, TableDefinition, TableError};

use super::{LIMIT, MAX_LISTED, check_key, taken, too_many_keys};
use crate::failure::{Failure, FailureKind};
use crate::services::error;

/// What each namespace takes, in bytes.
const TAKEN: TableDefinition<'_, &str, u64> = TableDefinition::new("taken");

/// Values by key, in a database file that outlives the process. Clones share it.
///
/// Every change is on the disk when the call returns, which takes as long as the disk needs. A file can be open once at a time; plugins of one host share
/// it by clones, each with a [`namespace`](Self::namespace) of its own unless they are to see each other's keys.
///
/// ```
/// use plugin_sdk::services::kv::Kv;
/// use plugin_sdk_harness::services::DatabaseKv;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("plugins.redb");
/// let database = DatabaseKv::open(&path)?;
/// let mut greeter = database.namespace("greeter");
/// greeter.set("last", b"Ada").unwrap();
///
/// assert_eq!(greeter.get("last").unwrap(), Some(b"Ada".to_vec()));
/// assert_eq!(database.namespace("counter").get("last").unwrap(), None);
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone)]
pub struct DatabaseKv {
    database: Arc<Database>,
    path: PathBuf,
    namespace: Arc<str>,
    limit: u64,
}

impl DatabaseKv {
    /// Opens a database file, or makes it.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Io`] where the file cannot be made or read, is open already, or is no such database.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Failure> {
        let path = path.as_ref();
        let database = Database::create(path).map_err(|error| {
            Failure::load(FailureKind::Io {
                path: path.to_owned(),
                reason: error.to_string(),
            })
        })?;
        Ok(DatabaseKv {
            database: Arc::new(database),
            path: path.to_owned(),
            namespace: Arc::from(""),
            limit: LIMIT,
        })
    }

    /// The same file, with keys that no other namespace sees.
    pub fn namespace(&self, name: &str) -> Self {
        DatabaseKv {
            namespace: Arc::from(name),
            ..self.clone()
        }
    }

    /// Lets the namespace's keys and values take so many bytes together, 64 MiB unless set; what would be more is refused as `quota_exceeded`.
    pub fn limit_bytes(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    fn table_name(&self) -> String {
        format!("kv/{}", self.namespace)
    }

    /// Reads the namespace's table, if anything was ever put there.
    fn read<T: Default>(
        &self,
        read: impl FnOnce(&redb::ReadOnlyTable<&'static str, &'static [u8]>) -> Result<T>,
    ) -> Result<T> {
        let reading = || {
            let transaction = self.database.begin_read()?;
            let name = self.table_name();
            match transaction.open_table(TableDefinition::new(&name)) {
                Ok(table) => read(&table),
                Err(TableError::TableDoesNotExist(_)) => Ok(T::default()),
                Err(error) => Err(error.into()),
            }
        };
        reading().map_err(explain)
    }

    /// Changes the namespace's table and tells what it then takes, all or nothing.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut redb::Table<'_, &'static str, &'static [u8]>, &mut u64) -> Result<T>,
    ) -> Result<T> {
        let changing = || {
            let transaction = self.database.begin_write()?;
            let result = {
                let name = self.table_name();
                let mut table = transaction.open_table(TableDefinition::new(&name))?;
                let mut sizes = transaction.open_table(TAKEN)?;
                let before = sizes.get(&*self.namespace)?;
                let mut size = before.map_or(0, |size| size.value());
                // Dropped without a commit, a transaction changes nothing.
                let result = change(&mut table, &mut size)?;
                sizes.insert(&*self.namespace, size)?;
                result
            };
            transaction.commit()?;
            Ok(result)
        };
        changing().map_err(explain)
    }
}

/// The database's own errors have no code yet.
fn explain(error: Error) -> Error {
    match error.code() {
        code::FAILED => error::unavailable("the key-value store cannot be used", error),
        _ => error,
    }
}

impl std::fmt::Debug for DatabaseKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseKv")
            .field("path", &self.path)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Kv for DatabaseKv {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        check_key(key)?;
        self.read(|table| Ok(table.get(key)?.map(|value| value.value().to_owned())))
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        check_key(key)?;
        let limit = self.limit;
        self.change(|table, size| {
            let before = table
                .insert(key, value)?
                .map_or(0, |before| taken(key, before.value().len()));
            let after = size.saturating_sub(before) + taken(key, value.len());
            // A store that is over its limit already may still be made smaller.
            if after > limit && after > *size {
                return Err(error::quota_exceeded("the key-value store", limit));
            }
            *size = after;
            Ok(())
        })
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        check_key(key)?;
        self.change(|table, size| {
            let removed = table
                .remove(key)?
                .map(|before| taken(key, before.value().len()));
            *size = size.saturating_sub(removed.unwrap_or(0));
            Ok(removed.is_some())
        })
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        let keys = self.read(|table| {
            let mut keys = Vec::new();
            for entry in table.range(prefix..)? {
                let (key, _) = entry?;
                if !key.value().starts_with(prefix) || keys.len() > MAX_LISTED {
                    break;
                }
                keys.push(key.value().to_owned());
            }
            Ok(keys)
        })?;
        if keys.len() > MAX_LISTED {
            return Err(too_many_keys());
        }
        Ok(keys)
    }
}
