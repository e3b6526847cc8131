//! Finds passages in the host's files, as context for a language model: the retrieval in
//! retrieval-augmented generation.
//!
//! The host grants folders; the plugin reads the text files in them, cuts them into passages, and
//! keeps an index of their words from call to call. The index has a size limit, and the plugin
//! reports everything that it left out.

#![forbid(unsafe_code)]

mod index;
mod passages;
mod words;

use plugin_sdk::files::{self, Entry};
use plugin_sdk::prelude::*;

use index::Index;

/// The maximum depth of nested folders: links can make it infinite.
const DEEPEST: usize = 16;

/// Indexes folders of text files, and finds passages in them.
#[plugin(type = "tool", permissions(files = "reads the files that it indexes"))]
pub struct Rag {
    config: Config,
    index: Index,
}

/// The options that a host can set.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The longest passage in bytes.
    #[schema(minimum = 16, default = 800)]
    pub passage_bytes: usize,
    /// The maximum number of files and folders to read per call of `index`.
    #[schema(default = 10000)]
    pub max_entries: usize,
    /// The approximate maximum size of the index in bytes, including the text.
    #[schema(default = 16777216)]
    pub max_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            passage_bytes: 800,
            max_entries: 10_000,
            max_bytes: 16 << 20,
        }
    }
}

/// The result of indexing a folder.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, Schema)]
pub struct Indexed {
    /// The number of indexed files.
    pub files: usize,
    /// The number of their passages.
    pub passages: usize,
    /// The files and folders that were left out.
    pub skipped: Vec<Skipped>,
}

/// A file or folder that was left out.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Skipped {
    /// Its path.
    pub path: String,
    /// The reason: `not_text`, `too_large`, `too_deep`, or the code of the host's error.
    /// `index_full` and `too_many_entries` also apply to all files that would have followed.
    pub reason: String,
}

/// A passage that matches a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Found {
    /// Its file.
    pub path: String,
    /// Its offset in the file, in bytes: `read_file` takes it to read on from there.
    pub offset: usize,
    /// Its score: equally good matches have equal scores.
    pub score: f64,
    /// Its text.
    pub text: String,
}

#[plugin]
impl Rag {
    /// Takes the configuration; `{}` is valid.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        if config.passage_bytes < 16 {
            return Err(Error::msg("a passage must have room for 16 bytes"));
        }
        let index = Index::new(config.max_bytes);
        Ok(Rag { config, index })
    }

    /// Indexes the text files of a folder and its subfolders, and replaces the previous index of
    /// the folder.
    #[command]
    pub fn index(&mut self, path: &str) -> Result<Indexed> {
        let mut indexed = Indexed::default();
        let mut looked_at = 0;
        let mut folders = vec![(path.to_owned(), files::list(path)?, 0)];
        self.index.forget(path);
        while let Some((folder, entries, depth)) = folders.pop() {
            for entry in entries {
                let path = match &*folder {
                    "" => entry.name,
                    folder => format!("{folder}/{}", entry.name),
                };
                if looked_at == self.config.max_entries {
                    indexed.skip(path, "too_many_entries");
                    return Ok(indexed);
                }
                looked_at += 1;
                if !entry.folder {
                    match self.index_file(&path, entry.bytes) {
                        Ok(Some(passages)) => {
                            indexed.files += 1;
                            indexed.passages += passages;
                        }
                        Ok(None) => {
                            indexed.skip(path, "index_full");
                            return Ok(indexed);
                        }
                        Err(error) => indexed.skip(path, error.code()),
                    }
                } else if depth == DEEPEST {
                    indexed.skip(path, "too_deep");
                } else {
                    match files::list(&path) {
                        Ok(entries) => folders.push((path, entries, depth + 1)),
                        Err(error) => indexed.skip(path, error.code()),
                    }
                }
            }
        }
        Ok(indexed)
    }

    /// Finds the passages with the most and the rarest words of a query: the best first, and equals
    /// in the order of their files.
    #[command(errors(
        nothing_indexed = "no folder has been indexed",
        no_words = "the query has no words in it"
    ))]
    pub fn search(&self, query: &str, #[arg(default = 5)] limit: u8) -> Result<Vec<Found>> {
        if self.index.is_empty() {
            return Err(Error::new(
                "nothing_indexed",
                "there is nothing to search: call `index` with a folder first",
            ));
        }
        if words::words(query).is_empty() {
            return Err(Error::new(
                "no_words",
                "the query has neither letters nor digits in it",
            ));
        }
        Ok(self.index.search(query, limit.into()))
    }

    /// Returns text of a file: at most `length` bytes from `offset`, and the rest of the first and
    /// last character. Empty text means the end.
    #[command]
    pub fn read_file(
        path: &str,
        #[arg(default)] offset: usize,
        #[arg(default = 65536)] length: usize,
    ) -> Result<String> {
        let text = files::read_to_string(path)?;
        let start = text.floor_char_boundary(offset);
        let end = text.ceil_char_boundary(offset.saturating_add(length));
        Ok(text.get(start..end).unwrap_or_default().to_owned())
    }

    /// Lists a folder in alphabetical order; the names of folders end in `/`.
    #[command]
    pub fn list_dir(path: &str) -> Result<Vec<String>> {
        let name = |entry: Entry| match entry.folder {
            true => entry.name + "/",
            false => entry.name,
        };
        Ok(files::list(path)?.into_iter().map(name).collect())
    }

    /// Indexes a file and returns the number of its passages; `None` if they do not fit in the
    /// index.
    fn index_file(&mut self, path: &str, bytes: u64) -> Result<Option<usize>> {
        if bytes > self.index.room() as u64 {
            return Err(Error::new(
                "too_large",
                "the index has no room for the file",
            ));
        }
        match String::from_utf8(files::read(path)?) {
            Ok(text) if !text.contains('\0') => {
                Ok(self.index.add(path, &text, self.config.passage_bytes))
            }
            _ => Err(Error::new("not_text", "the file is not text in UTF-8")),
        }
    }
}

impl Indexed {
    fn skip(&mut self, path: String, reason: &str) {
        let reason = reason.to_owned();
        self.skipped.push(Skipped { path, reason });
    }
}
