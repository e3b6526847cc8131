//! The cache of compiled code on disk.
//!
//! The engine's own cache stores the entries and runs them unchecked: it has no checksums. So this
//! module stores a checksum for each entry and verifies it before the engine reads the entry. The
//! folder must belong to the user alone, because every host that uses the cache runs the code in
//! it, including code that another user could write there.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use wasmtime::{Cache, CacheConfig, Engine};

use super::super::{CacheDir, Entry};
use crate::failure::{Failure, FailureKind};

/// The environment variable with the cache folder; the value `off` disables the cache.
const VARIABLE: &str = "PLUGIN_SDK_CACHE_DIR";

/// The folder for the engine, which occasionally removes unknown files from it.
const ENGINE: &str = "engine";

/// The folder of the entries, with one subfolder for each version of the engine.
const ENTRIES: &str = "engine/modules";

/// The folder of the checksums, which have the same names as their entries.
const CHECKSUMS: &str = "checksums";

/// The maximum size of an entry, in bytes.
const MAX_ENTRY: u64 = 1 << 30;

/// A folder of compiled code.
pub(crate) struct CodeCache {
    cache: Cache,
    dir: PathBuf,
}

impl CodeCache {
    /// Opens the cache; returns `None` if it is disabled or the default folder is unusable.
    ///
    /// # Errors
    ///
    /// Fails if an explicitly chosen folder cannot be created or does not belong to the user alone.
    pub(crate) fn open(dir: &CacheDir) -> Result<Option<Self>, Failure> {
        match dir {
            CacheDir::Off => Ok(None),
            CacheDir::At(dir) => Self::at(dir).map(Some),
            CacheDir::Usual => match std::env::var_os(VARIABLE) {
                Some(off) if off == "off" => Ok(None),
                Some(dir) if !dir.is_empty() => Self::at(Path::new(&dir)).map(Some),
                // The default cache is optional: it exists only if a folder is usable.
                _ => Ok(usual_dir().and_then(|dir| Self::at(&dir).ok())),
            },
        }
    }

    fn at(dir: &Path) -> Result<Self, Failure> {
        let open = || -> io::Result<PathBuf> {
            let dir = std::path::absolute(dir)?;
            make(&dir)?;
            belongs_to_user(&dir)?;
            for folder in [dir.join(ENGINE), dir.join(ENTRIES), dir.join(CHECKSUMS)] {
                // If they cannot be created, nothing is cached.
                if make(&folder).is_ok() {
                    belongs_to_user(&folder)?;
                }
            }
            for version in folders(&dir.join(ENTRIES)) {
                belongs_to_user(&version)?;
            }
            Ok(dir)
        };
        let dir = open().map_err(|error| {
            let reason = format!("no cache of compiled code in {}: {error}", dir.display());
            Failure::load(FailureKind::Engine { reason })
        })?;
        let mut config = CacheConfig::new();
        config.with_directory(dir.join(ENGINE));
        // Otherwise the engine would rewrite popular entries with better compression.
        config.with_optimized_compression_usage_counter_threshold(u64::MAX);
        let cache = Cache::new(config).map_err(Failure::engine)?;
        Ok(CodeCache { cache, dir })
    }

    /// Returns the engine's cache, for the engine's configuration.
    pub(crate) fn engines(&self) -> &Cache {
        &self.cache
    }

    /// Verifies the entry that the engine would use for a module; removes the entry if the checksum
    /// does not match.
    pub(crate) fn check(&self, engine: &Engine, wasm: &[u8]) -> Entry {
        let name = name(engine, wasm);
        let mut found = Entry::Absent;
        for path in self.entries(&name) {
            let sound = fs::read(self.dir.join(CHECKSUMS).join(&name))
                .is_ok_and(|expected| checksum(&name, &path).is_ok_and(|sum| sum[..] == expected));
            if sound {
                found = Entry::Sound;
            } else if fs::remove_file(&path).is_err() && path.exists() {
                return Entry::Damaged;
            }
        }
        found
    }

    /// Writes the checksum of the entry that the engine has just stored for a module.
    ///
    /// Without a checksum, the module is compiled again the next time.
    pub(crate) fn seal(&self, engine: &Engine, wasm: &[u8]) {
        let name = name(engine, wasm);
        let written = self.entries(&name).into_iter().try_for_each(|path| {
            let sum = checksum(&name, &path)?;
            self.write(&name, &sum)
        });
        if let Err(error) = written.and_then(|()| self.forget_gone()) {
            log::debug!("no checksum for an entry of the cache: {error}");
        }
    }

    /// Returns the files of an entry: at most one for each version of the engine.
    fn entries(&self, name: &str) -> Vec<PathBuf> {
        let versions = folders(&self.dir.join(ENTRIES));
        let paths = versions.into_iter().map(|version| version.join(name));
        paths
            .filter(|path| path.symlink_metadata().is_ok())
            .collect()
    }

    /// Writes a checksum atomically.
    fn write(&self, name: &str, sum: &[u8]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = self.dir.join(CHECKSUMS);
        let part = folder.join(format!("{name}.{}.{next}", std::process::id()));
        fs::write(&part, sum)?;
        fs::rename(&part, folder.join(name)).inspect_err(|_| {
            let _ = fs::remove_file(&part);
        })
    }

    /// Removes the checksums of entries that are gone; the engine removes entries if there are too
    /// many.
    fn forget_gone(&self) -> io::Result<()> {
        for checksum in fs::read_dir(self.dir.join(CHECKSUMS))? {
            let checksum = checksum?;
            let name = checksum.file_name();
            if name
                .to_str()
                .is_some_and(|name| !name.contains('.') && self.entries(name).is_empty())
            {
                let _ = fs::remove_file(checksum.path());
            }
        }
        Ok(())
    }
}

/// Returns the name that the engine's cache gives to a module's entry.
///
/// See `wasmtime-internal-cache`.
fn name(engine: &Engine, wasm: &[u8]) -> String {
    struct Sha256Hasher(Sha256);

    impl Hasher for Sha256Hasher {
        fn finish(&self) -> u64 {
            0
        }

        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }

    let mut hasher = Sha256Hasher(Sha256::new());
    // There is neither a separate file of debug information nor are there intrinsics.
    let state = (
        engine.precompile_compatibility_hash(),
        wasm,
        None::<&[u8]>,
        None::<&str>,
    );
    state.hash(&mut hasher);
    URL_SAFE_NO_PAD.encode(hasher.0.finalize())
}

/// Returns the checksum over an entry's name and contents. It finds damage, and takes less time than
/// a cryptographic hash; who can write an entry can write its checksum too.
fn checksum(name: &str, entry: &Path) -> io::Result<[u8; 4]> {
    let kind = entry.symlink_metadata()?;
    if !kind.is_file() || kind.len() > MAX_ENTRY {
        return Err(io::Error::other("an entry is a file"));
    }
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(&fs::read(entry)?);
    Ok(hasher.finalize().to_le_bytes())
}

/// Returns the folders in a folder, as far as they can be read: the engine cannot use the others.
fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

/// Creates a folder and its parents, accessible to the user alone.
fn make(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        // An existing folder that is only readable is still useful.
        Err(_) if dir.is_dir() => Ok(()),
        made => made,
    }
}

/// Checks that only the user and the administrator can write into a folder.
#[cfg(unix)]
fn belongs_to_user(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    const OTHERS_WRITE: u32 = 0o022;
    let found = fs::metadata(dir)?;
    let user = rustix::process::geteuid().as_raw();
    let refuse = |reason: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    if found.uid() != user && found.uid() != 0 {
        return refuse(format!(
            "`{}` belongs to the user {}, and anyone who can write there can run code in this process",
            dir.display(),
            found.uid()
        ));
    }
    if found.mode() & OTHERS_WRITE != 0 {
        return refuse(format!(
            "other users can write into `{0}`, and so run code in this process; `chmod go-w {0}` makes it the user's own",
            dir.display()
        ));
    }
    Ok(())
}

/// Accepts every folder on other systems, where the user's cache folder is private by default.
///
/// There the user is responsible for a folder of their choice.
#[cfg(not(unix))]
fn belongs_to_user(_: &Path) -> io::Result<()> {
    Ok(())
}

fn usual_dir() -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    let caches = if cfg!(target_os = "macos") {
        home?.join("Library/Caches")
    } else if cfg!(windows) {
        PathBuf::from(std::env::var_os("LOCALAPPDATA")?)
    } else {
        match std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|dir| dir.is_absolute())
        {
            Some(dir) => dir,
            None => home?.join(".cache"),
        }
    };
    Some(caches.join("plugin-sdk").join("compiled"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write;

    use super::*;

    /// A cache folder with at most one entry, and the module of that entry.
    struct Place {
        dir: tempfile::TempDir,
        wasm: Vec<u8>,
    }

    impl Place {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let wasm = wat::parse_str("(module (func (export \"f\") (result i32) i32.const 7))");
            Place {
                dir,
                wasm: wasm.unwrap(),
            }
        }

        /// Returns the entry's state, whether the module was compiled, and the path of the entry.
        fn compile(&self) -> (Entry, bool, PathBuf) {
            let cache = CodeCache::at(self.dir.path()).unwrap();
            let mut config = wasmtime::Config::new();
            config.cache(Some(cache.engines().clone()));
            let engine = Engine::new(&config).unwrap();
            let found = cache.check(&engine, &self.wasm);
            assert_ne!(found, Entry::Damaged);
            wasmtime::Module::from_binary(&engine, &self.wasm).unwrap();
            if found == Entry::Absent {
                cache.seal(&engine, &self.wasm);
            }
            let entries = cache.entries(&name(&engine, &self.wasm));
            assert_eq!(entries.len(), 1, "the engine names entries in another way");
            (
                found,
                cache.cache.cache_misses() == 1,
                entries.into_iter().next().unwrap(),
            )
        }
    }

    #[test]
    fn intact_entries_are_reused() {
        let place = Place::new();
        let (found, compiled, _) = place.compile();
        assert_eq!((found, compiled), (Entry::Absent, true));
        let (found, compiled, _) = place.compile();
        assert_eq!((found, compiled), (Entry::Sound, false));
    }

    #[test]
    fn modified_entries_are_compiled_again() {
        let place = Place::new();
        let (_, _, path) = place.compile();
        let whole = fs::read(&path).unwrap();
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..40 {
            let mut changed = whole.clone();
            let at = random.usize(..changed.len());
            match round % 4 {
                0 => changed[at] ^= 1 << random.u8(..8),
                1 => changed.truncate(at),
                2 => changed.extend_from_slice(b"more"),
                _ => changed[at..].fill(0xff),
            }
            if changed == whole {
                continue;
            }
            fs::write(&path, &changed).unwrap();
            let (found, compiled, _) = place.compile();
            assert_eq!((found, compiled), (Entry::Absent, true), "round {round}");
        }
        let (found, compiled, _) = place.compile();
        assert_eq!((found, compiled), (Entry::Sound, false));
    }

    #[test]
    fn entries_without_a_matching_checksum_are_not_used() {
        let place = Place::new();
        let (_, _, path) = place.compile();
        let checksums = place.dir.path().join(CHECKSUMS);
        let checksum = checksums.join(path.file_name().unwrap());
        for bytes in [&b""[..], &[0; 4], b"more than four bytes are no checksum"] {
            fs::write(&checksum, bytes).unwrap();
            assert_eq!(place.compile().0, Entry::Absent);
        }
        fs::remove_file(&checksum).unwrap();
        assert_eq!(place.compile().0, Entry::Absent);

        // The intact entry of another module, with its checksum.
        let other = Place {
            dir: tempfile::tempdir().unwrap(),
            wasm: wat::parse_str("(module (func (export \"f\") (result i32) i32.const 8))")
                .unwrap(),
        };
        let (_, _, foreign) = other.compile();
        let foreign_checksum = other
            .dir
            .path()
            .join(CHECKSUMS)
            .join(foreign.file_name().unwrap());
        fs::copy(&foreign, &path).unwrap();
        fs::copy(foreign_checksum, &checksum).unwrap();
        assert_eq!(place.compile().0, Entry::Absent);
    }

    #[test]
    fn checksums_of_missing_entries_are_removed() {
        let place = Place::new();
        let stale = place.dir.path().join(CHECKSUMS).join("gone");
        fs::create_dir_all(stale.parent().unwrap()).unwrap();
        fs::write(&stale, [0; 4]).unwrap();
        place.compile();
        assert!(!stale.exists());
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_other_users_can_write_into_are_refused() {
        use std::os::unix::fs::PermissionsExt;

        let place = Place::new();
        let (_, _, entry) = place.compile();
        let all = [
            place.dir.path(),
            &place.dir.path().join(CHECKSUMS),
            entry.parent().unwrap(),
        ];
        for dir in all {
            for mode in [0o777, 0o1777, 0o770, 0o702] {
                fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
                let failure = CodeCache::at(place.dir.path()).err().unwrap();
                assert_eq!(failure.code(), "engine");
                assert!(failure.message().contains("chmod go-w"), "{failure}");
            }
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
            assert!(CodeCache::at(place.dir.path()).is_ok());
        }
    }

    #[cfg(unix)]
    #[test]
    fn folders_of_another_user_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        // Only the administrator can change a folder's owner.
        if std::os::unix::fs::chown(dir.path(), Some(12_345), None).is_err() {
            // Past the capture of the test's output, so that `cargo xtask test` counts it.
            let reason = "folders cannot be given to another user here";
            let _ = writeln!(io::stderr(), "\nnot run: {reason}");
            return;
        }
        let failure = CodeCache::at(dir.path()).err().unwrap();
        assert!(
            failure.message().contains("belongs to the user 12345"),
            "{failure}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn new_folders_are_private_to_the_user() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("new/cache");
        CodeCache::at(&cache).unwrap();
        for dir in [&cache, &cache.join(ENTRIES), &cache.join(CHECKSUMS)] {
            assert_eq!(
                fs::metadata(dir).unwrap().permissions().mode() & 0o777,
                0o700
            );
        }
    }
}
