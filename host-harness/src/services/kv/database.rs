//! A key-value store in a database file.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use plugin_sdk::services::kv::Kv;
use plugin_sdk::{Result, code};
use redb::{Database, DatabaseError, ReadableTable, TableDefinition, TableError};

use super::{KeyLimits, Listed, STORE};
use crate::failure::Failure;
use crate::services::error;
use crate::services::quota::{self, LIMIT, counted};
use crate::source::unusable_file;
use crate::sync::lock;

/// The bytes that each namespace takes.
const TAKEN: TableDefinition<'_, &str, u64> = TableDefinition::new("taken");

/// Values by key, in a database file that outlives the process. Clones share it.
///
/// A change is on disk when the call returns, so a write takes as long as the disk needs. Only one
/// process at a time can open a file; opening it again in the same process shares it. Each plugin
/// of a host should have its own [`namespace`](Self::namespace), unless plugins may see each
/// other's keys.
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
    keys: KeyLimits,
}

impl DatabaseKv {
    /// Opens a database file, or creates it. A file that is already open in this process is shared.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Io`](crate::FailureKind::Io) if the file cannot be created or read, is open
    /// in another process, is not a database of this kind, or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Failure> {
        let path = path.as_ref();
        let database = shared(path).map_err(|reason| unusable_file(path, reason))?;
        Ok(DatabaseKv {
            database,
            path: path.to_owned(),
            namespace: Arc::from(""),
            limit: LIMIT,
            keys: KeyLimits::default(),
        })
    }

    /// Returns a store in the same file whose keys no other namespace sees.
    pub fn namespace(&self, name: &str) -> Self {
        DatabaseKv {
            namespace: Arc::from(name),
            ..self.clone()
        }
    }

    fn table_name(&self) -> String {
        format!("kv/{}", self.namespace)
    }

    /// Reads the namespace's table, or returns the default if nothing was ever stored.
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
        explained(reading)
    }

    /// Changes the namespace's table and its recorded size, atomically.
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
                // A transaction dropped without a commit changes nothing.
                let result = change(&mut table, &mut size)?;
                sizes.insert(&*self.namespace, size)?;
                result
            };
            transaction.commit()?;
            Ok(result)
        };
        explained(changing)
    }

    /// Sets the limit of keys and values together in the namespace, in bytes. The default is 64
    /// MiB; each entry counts 128 bytes more than its key and its value. A write beyond the limit
    /// is refused as `quota_exceeded`.
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
}

/// Returns the database of a file, shared within the process.
fn shared(path: &Path) -> Result<Arc<Database>, String> {
    static OPEN: Mutex<Vec<(PathBuf, Weak<Database>)>> = Mutex::new(Vec::new());
    let mut open = lock(&OPEN);
    open.retain(|(_, database)| database.strong_count() > 0);
    if let Ok(known) = path.canonicalize()
        && let Some((_, database)) = open.iter().find(|(path, _)| *path == known)
        && let Some(database) = database.upgrade()
    {
        return Ok(database);
    }
    check_header(path)?;
    let database = unless_damaged(|| Database::create(path))?.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => {
            "it is open in another process, and only one process at a time can open it".to_owned()
        }
        error => error.to_string(),
    })?;
    let database = Arc::new(database);
    if let Ok(known) = path.canonicalize() {
        open.push((known, Arc::downgrade(&database)));
    }
    Ok(database)
}

/// The first bytes of every database.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// The size of a page, and the most pages of a region.
const PAGE: u64 = 4096;
const MAX_REGION_PAGES: u64 = 1 << 20;

/// Checks that a file is as long as its header says: the database panics on a truncated one.
fn check_header(path: &Path) -> Result<(), String> {
    let Ok(file) = File::open(path) else {
        // The database creates the file, or reports why it cannot be opened.
        return Ok(());
    };
    let unreadable = |error: std::io::Error| error.to_string();
    let length = file.metadata().map_err(unreadable)?.len();
    let mut header = Vec::new();
    file.take(PAGE)
        .read_to_end(&mut header)
        .map_err(unreadable)?;
    if header.is_empty() {
        return Ok(());
    }
    if !header.starts_with(MAGIC) {
        return Err("it is not a database of this kind".to_owned());
    }
    let whole = || {
        let number = |at: usize| {
            let bytes = header.get(at..)?.first_chunk()?;
            Some(u64::from(u32::from_le_bytes(*bytes)))
        };
        let (page, own_pages, most_pages) = (number(12)?, number(16)?, number(20)?);
        let (regions, last_pages) = (number(24)?, number(28)?);
        let is_sound = page == PAGE
            && (1..=MAX_REGION_PAGES).contains(&most_pages)
            && (1..=MAX_REGION_PAGES).contains(&own_pages)
            && last_pages <= most_pages
            && regions + last_pages > 0;
        let last = if last_pages > 0 {
            own_pages + last_pages
        } else {
            0
        };
        let pages = (own_pages + most_pages)
            .checked_mul(regions)?
            .checked_add(last + 1)?;
        (is_sound && pages.checked_mul(PAGE)? <= length).then_some(())
    };
    whole().ok_or_else(|| {
        format!(
            "it is truncated or damaged: it has {length} bytes, and its header describes a longer file"
        )
    })
}

/// Runs a database operation, which panics on damage that no earlier check found.
fn unless_damaged<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| "the file is damaged".to_owned())
}

/// Runs a database operation, and adds a code to its error if the database returned it.
fn explained<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let unusable =
        |reason: &dyn Display| error::unavailable(&format!("{STORE} cannot be used"), reason);
    match unless_damaged(run) {
        Err(reason) => Err(unusable(&reason)),
        Ok(Err(error)) if error.code() == code::FAILED => Err(unusable(&error)),
        Ok(outcome) => outcome,
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
        self.keys.check(key)?;
        self.read(|table| {
            let value = table.get(key)?;
            value.map(|value| error::copied(value.value())).transpose()
        })
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        self.keys.check(key)?;
        let limit = self.limit;
        self.change(|table, size| {
            let before = table
                .insert(key, value)?
                .map_or(0, |before| counted(key, before.value().len()));
            let after = size.saturating_sub(before) + counted(key, value.len());
            quota::check(STORE, *size, after, limit)?;
            *size = after;
            Ok(())
        })
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        self.keys.check(key)?;
        self.change(|table, size| {
            let removed = table
                .remove(key)?
                .map(|before| counted(key, before.value().len()));
            *size = size.saturating_sub(removed.unwrap_or(0));
            Ok(removed.is_some())
        })
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        self.read(|table| {
            let mut listed = Listed::new(self.keys);
            for entry in table.range(prefix..)? {
                let (key, _) = entry?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                listed.add(key.value())?;
            }
            Ok(listed.keys)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(path: &Path) -> Vec<u8> {
        let mut database = DatabaseKv::open(path).unwrap().namespace("x");
        for number in 0..30 {
            let value = vec![7; 400 * (number % 7)];
            database.set(&format!("key{number}"), &value).unwrap();
        }
        drop(database);
        std::fs::read(path).unwrap()
    }

    /// Writes a file, opens it and uses it.
    fn tried(path: &Path, contents: &[u8]) -> String {
        std::fs::write(path, contents).unwrap();
        let mut database = match DatabaseKv::open(path) {
            Ok(database) => database.namespace("x"),
            Err(failure) => return format!("{}: {}", failure.code(), failure.message()),
        };
        let outcomes = [
            database.get("key5").map(drop),
            database.list("").map(drop),
            database.set("new", &[1; 100]),
            database.delete("key7").map(drop),
        ];
        let failed = outcomes.into_iter().find_map(Result::err);
        failed.map_or_else(|| "works".to_owned(), |error| error.message().to_owned())
    }

    #[test]
    fn truncated_database_is_reported_without_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.redb");
        let whole = filled(&path);
        assert_eq!(tried(&path, &whole), "works");
        assert_eq!(tried(&path, b""), "works", "it is made anew");
        let lengths = (1..8).map(|nth| whole.len() * nth / 8);
        for length in lengths.chain([1, 8, 9, 63, 64, 320, 4095, 4096, whole.len() - 1]) {
            std::fs::write(&path, &whole[..length]).unwrap();
            check_header(&path).expect_err("cut short");
            let outcome = tried(&path, &whole[..length]);
            assert!(outcome.starts_with("io: "), "{length}: {outcome}");
        }
    }

    #[test]
    fn damaged_database_works_or_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.redb");
        let whole = filled(&path);
        let mut random = fastrand::Rng::with_seed(3);
        for nth in 0..30 {
            let mut bad = whole.clone();
            let end = if nth % 2 == 0 { 320 } else { bad.len() };
            for _ in 0..1 + nth % 5 {
                let at = random.usize(9..end);
                bad[at] = random.u8(..);
            }
            tried(&path, &bad);
        }
    }

    #[test]
    fn file_opened_twice_is_shared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.redb");
        let mut one = DatabaseKv::open(&path).unwrap();
        one.set("a", b"1").unwrap();
        let by_another_way = folder.path().join(".").join("kv.redb");
        let mut other = DatabaseKv::open(by_another_way).unwrap();
        assert_eq!(other.get("a").unwrap(), Some(b"1".to_vec()));
        drop((one, other));
        let mut again = DatabaseKv::open(&path).unwrap();
        assert_eq!(again.get("a").unwrap(), Some(b"1".to_vec()));
        std::fs::write(folder.path().join("text"), "text").unwrap();
        let failure = DatabaseKv::open(folder.path().join("text")).unwrap_err();
        assert!(failure.message().contains("not a database"), "{failure}");
    }
}
