//! Compiled code on disk.
//!
//! The engine's own cache keeps the entries and runs what it finds in them, as it is: it has no checksum. So there is one beside each entry, which is held against it before the engine looks,
//! and the folder must belong to the user alone: whoever can write there has code of theirs run by every host that uses it.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use wasmtime::{Cache, CacheConfig, Engine};

use crate::failure::{Failure, FailureKind};

/// The variable that moves the cache of compiled modules, or with the value `off` does without one.
const VARIABLE: &str = "PLUGIN_SDK_CACHE_DIR";

/// The folder that is the engine's: now and then it removes whatever it does not know in there.
const ENGINE: &str = "engine";

/// The folder in it that has the entries, in one folder for each of the engine's versions.
const ENTRIES: &str = "engine/modules";

/// The folder of the checksums, which have the names of their entries.
const CHECKSUMS: &str = "checksums";

/// The largest entry that is read, in bytes.
const MAX_ENTRY: u64 = 1 << 30;

/// Where compiled modules are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum CacheDir {
    /// In the folder that the variable `PLUGIN_SDK_CACHE_DIR` names, else in the user's folder for caches.
    #[default]
    Usual,
    At(PathBuf),
    Off,
}

/// A folder of compiled code.
pub(crate) struct CodeCache {
    cache: Cache,
    dir: PathBuf,
}

/// What there is of a module in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is as it was written.
    Sound,
    /// None, or one that was damaged and has been removed.
    Absent,
    /// One that is damaged and cannot be removed.
    Damaged,
}

impl CodeCache {
    /// Opens the cache, if there is to be one.
    ///
    /// # Errors
    ///
    /// Where a folder that was asked for by name cannot be made, or is not the user's alone.
    pub(crate) fn open(dir: &CacheDir) -> Result<Option<Self>, Failure> {
        match dir {
            CacheDir::Off => Ok(None),
            CacheDir::At(dir) => Self::at(dir).map(Some),
            CacheDir::Usual => match std::env::var_os(VARIABLE) {
                Some(off) if off == "off" => Ok(None),
                Some(dir) if !dir.is_empty() => Self::at(Path::new(&dir)).map(Some),
                // A cache that nobody asked for by name may be missing where there is no place for it.
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
                // Where they cannot be made, nothing is kept.
                if make(&folder).is_ok() {
                    belongs_to_user(&folder)?;
                }
            }
            for version in folders(&dir.join(ENTRIES)).unwrap_or_default() {
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
        // It would write entries anew that are used often, for better compression.
        config.with_optimized_compression_usage_counter_threshold(u64::MAX);
        let cache = Cache::new(config).map_err(Failure::engine)?;
        Ok(CodeCache { cache, dir })
    }

    /// What the engine is made with.
    pub(crate) fn engines(&self) -> &Cache {
        &self.cache
    }

    /// Holds what the engine would find for a module against its checksum, and removes it where it is something else.
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

    /// Writes the checksum of what the engine has just put there for a module. Without it, the module is compiled anew the next time.
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

    /// The files of an entry, of which there is one where engines of one version use the cache.
    fn entries(&self, name: &str) -> Vec<PathBuf> {
        let versions = folders(&self.dir.join(ENTRIES)).unwrap_or_default();
        let paths = versions.into_iter().map(|version| version.join(name));
        paths
            .filter(|path| path.symlink_metadata().is_ok())
            .collect()
    }

    /// Writes a checksum so that it is never there in part.
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

    /// Removes the checksums of entries that the engine has removed, which it does when there are too many.
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

/// The name that the engine's cache gives to a module's entry: see `wasmtime-internal-cache`.
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
    // Neither debug information in a file of its own nor intrinsics.
    let state = (
        engine.precompile_compatibility_hash(),
        wasm,
        None::<&[u8]>,
        None::<&str>,
    );
    state.hash(&mut hasher);
    URL_SAFE_NO_PAD.encode(hasher.0.finalize())
}

/// The checksum of an entry under its name.
fn checksum(name: &str, entry: &Path) -> io::Result<[u8; 32]> {
    let kind = entry.symlink_metadata()?;
    if !kind.is_file() || kind.len() > MAX_ENTRY {
        return Err(io::Error::other("an entry is a file"));
    }
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update(fs::read(entry)?);
    Ok(hasher.finalize().into())
}

fn folders(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Makes a folder for the user alone, and those that it is in.
fn make(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        // One that can be read is of use all the same.
        Err(_) if dir.is_dir() => Ok(()),
        made => made,
    }
}

/// Checks that nobody else can write into a folder, except the administrator.
#[cfg(unix)]
fn belongs_to_user(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    const OTHERS_WRITE: u32 = 0o022;
    let found = fs::metadata(dir)?;
    let user = rustix::process::geteuid().as_raw();
    let refuse = |reason: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    if found.uid() != user && found.uid() != 0 {
        return refuse(format!(
            "`{}` belongs to the user {}, and whoever can write there can run code in this process",
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

/// Elsewhere it is left to the user where the cache is: their own folder for caches is theirs alone.
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
    use super::*;

    /// A folder with one entry, and what compiles it there or takes it from there.
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

        /// What was found, whether it was compiled, and the path of the entry.
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
    fn an_entry_is_found_as_it_was_written() {
        let place = Place::new();
        let (found, compiled, _) = place.compile();
        assert_eq!((found, compiled), (Entry::Absent, true));
        let (found, compiled, _) = place.compile();
        assert_eq!((found, compiled), (Entry::Sound, false));
    }

    #[test]
    fn an_entry_changed_in_any_way_is_compiled_anew() {
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
    fn an_entry_without_its_checksum_or_of_another_name_is_not_used() {
        let place = Place::new();
        let (_, _, path) = place.compile();
        let checksums = place.dir.path().join(CHECKSUMS);
        let checksum = checksums.join(path.file_name().unwrap());
        for bytes in [
            &b""[..],
            &[0; 32],
            b"more than thirty-two bytes are no checksum",
        ] {
            fs::write(&checksum, bytes).unwrap();
            assert_eq!(place.compile().0, Entry::Absent);
        }
        fs::remove_file(&checksum).unwrap();
        assert_eq!(place.compile().0, Entry::Absent);

        // The whole entry of another module, with its checksum.
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
    fn checksums_go_with_their_entries() {
        let place = Place::new();
        let stale = place.dir.path().join(CHECKSUMS).join("gone");
        fs::create_dir_all(stale.parent().unwrap()).unwrap();
        fs::write(&stale, [0; 32]).unwrap();
        place.compile();
        assert!(!stale.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_into_is_refused() {
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
    fn a_folder_of_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        // Only the administrator can give folders away.
        if std::os::unix::fs::chown(dir.path(), Some(12_345), None).is_err() {
            println!("not run: folders cannot be given to another user here");
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
    fn a_new_folder_is_the_users_alone() {
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
