//! An archive of several files, byte for byte the same at any time and on any machine.

use std::fmt::Write;
use std::io;

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// The file with the checksums of all other files, in the format of `sha256sum --check`.
pub const CHECKSUMS: &str = "SHA256SUMS";

/// The modification time of every file, in seconds since 1970: July 2006, as in cargo's packages.
/// Some tools treat 0 as an error.
const MODIFIED: u64 = 1_153_704_088;

/// Read permission for everyone, write permission for the owner.
const MODE: u32 = 0o644;

/// The gzip header's value for an unspecified operating system.
const NO_SYSTEM: u8 = 255;

/// Packs files, given as names and contents, into a folder of a gzipped tar archive. Sorts them by
/// name and adds their checksums.
pub fn pack(folder: &str, mut files: Vec<(String, Vec<u8>)>) -> io::Result<Vec<u8>> {
    files.sort();
    let sums = files
        .iter()
        .fold(String::new(), |mut sums, (name, contents)| {
            let _ = writeln!(sums, "{}  {name}", sha256(contents));
            sums
        });
    files.push((CHECKSUMS.to_owned(), sums.into_bytes()));
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(NO_SYSTEM)
        .write(Vec::new(), Compression::best());
    let mut archive = Builder::new(gzip);
    for (name, contents) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(contents.len() as u64);
        header.set_mode(MODE);
        header.set_mtime(MODIFIED);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, format!("{folder}/{name}"), contents.as_slice())?;
    }
    archive.into_inner()?.finish()
}

/// Returns a checksum as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::*;

    fn files() -> Vec<(String, Vec<u8>)> {
        vec![
            ("b.txt".to_owned(), b"two".to_vec()),
            ("a.txt".to_owned(), b"one".to_vec()),
        ]
    }

    #[test]
    fn archive_does_not_depend_on_the_order_of_its_files() {
        let mut reversed = files();
        reversed.reverse();
        assert_eq!(
            pack("x-1.0.0", files()).unwrap(),
            pack("x-1.0.0", reversed).unwrap()
        );
    }

    #[test]
    fn archive_names_neither_its_maker_nor_its_time() {
        let packed = pack("x-1.0.0", files()).unwrap();
        assert_eq!(
            packed.get(4..8),
            Some(&[0; 4][..]),
            "the time in the gzip header"
        );
        let mut archive = Archive::new(GzDecoder::new(&*packed));
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!(header.mtime().unwrap(), MODIFIED);
            assert_eq!(header.username().unwrap(), Some(""));
            names.push(entry.path().unwrap().display().to_string());
            let mut contents = String::new();
            entry.read_to_string(&mut contents).unwrap();
            if names.last().unwrap().ends_with(CHECKSUMS) {
                assert_eq!(
                    contents,
                    format!("{}  a.txt\n{}  b.txt\n", sha256(b"one"), sha256(b"two"))
                );
            }
        }
        assert_eq!(
            names,
            ["x-1.0.0/a.txt", "x-1.0.0/b.txt", "x-1.0.0/SHA256SUMS"]
        );
    }

    #[test]
    fn checksums_match_sha256sum() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
