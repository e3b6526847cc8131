//! Values, in a store of `wasi:keyvalue`.

use std::cell::Cell;

use super::super::Contract;
use super::super::resources::Handle;
use crate::contracts::canonical::{Answer, text_of};
use crate::contracts::services::Kv;
use crate::error::{Error, Result, code};
use crate::memory::Address;

imported! {
    "wasi:keyvalue/store@0.2.0-draft":
        fn open = "open"(name: Address, len: usize, area: Address);
        fn bucket_get = "[method]bucket.get"(bucket: u32, key: Address, len: usize, area: Address);
        fn bucket_set = "[method]bucket.set"(
            bucket: u32, key: Address, key_len: usize, value: Address, value_len: usize,
            area: Address
        );
        fn bucket_delete = "[method]bucket.delete"(
            bucket: u32, key: Address, len: usize, area: Address
        );
        fn bucket_exists = "[method]bucket.exists"(
            bucket: u32, key: Address, len: usize, area: Address
        );
        fn bucket_list_keys = "[method]bucket.list-keys"(
            bucket: u32, has_cursor: u32, cursor: u64, area: Address
        );
        fn bucket_drop = "[resource-drop]bucket"(bucket: u32);
}

/// The names of the store, in the order of preference: the usual one, and that of the only store of
/// `wasmtime serve`.
const STORES: [&str; 2] = ["default", ""];

/// The number of the error for a store that does not exist.
const NO_SUCH_STORE: u64 = 0;

/// The most parts in which a list of keys comes.
const MAX_PARTS: usize = 10_000;

thread_local! {
    /// The store, which stays open: in some platforms, an open store has values of its own.
    static OPEN: Cell<Option<Bucket>> = const { Cell::new(None) };
}

/// The store.
struct Bucket(Handle);

impl Bucket {
    /// Opens the store, unless it is open, and uses it.
    fn with<R>(then: impl FnOnce(&Bucket) -> Result<R>) -> Result<R> {
        let bucket = match OPEN.take() {
            Some(bucket) => bucket,
            None => Bucket::open()?,
        };
        let outcome = then(&bucket);
        OPEN.set(Some(bucket));
        outcome
    }

    fn open() -> Result<Self> {
        let ask =
            |name: &str| Answer::of(|area| open(Address::of(name.as_bytes()), name.len(), area));
        let [usual, only] = STORES;
        let mut opened = ask(usual);
        if opened.is_some(0) && opened.number(4, 1) == NO_SUCH_STORE {
            opened = ask(only);
        }
        let number = succeeded(4, opened)?.number(4, 4) as u32;
        Ok(Bucket(Handle::new(number, bucket_drop)))
    }

    /// Calls a function with a key. Its result has its payload at `payload`.
    fn of_key(
        &self,
        key: &str,
        payload: usize,
        call: fn(u32, Address, usize, Address),
    ) -> Result<Answer> {
        checked(payload, |area| {
            call(self.0.get(), Address::of(key.as_bytes()), key.len(), area);
        })
    }

    /// Returns all keys, which come in parts.
    fn keys(&self) -> Result<Vec<String>> {
        let (mut keys, mut cursor) = (Vec::new(), None);
        for _ in 0..MAX_PARTS {
            // `result<key-response, error>` has an `option<u64>` in it, so it is aligned to 8.
            let mut part = checked(8, |area| {
                let (has, from) = (u32::from(cursor.is_some()), cursor.unwrap_or_default());
                bucket_list_keys(self.0.get(), has, from, area);
            })?;
            keys.extend(part.list(8, 8, |given, key| text_of(given, key, 0))?);
            cursor = part.is_some(16).then(|| part.number(24, 8));
            if cursor.is_none() {
                return Ok(keys);
            }
        }
        let message = "the store has too many keys to list them";
        Err(Error::new(code::TOO_LARGE, message))
    }
}

/// Asks for a result of the type `result<…, error>`, and returns its error.
fn checked(payload: usize, ask: impl FnOnce(Address)) -> Result<Answer> {
    succeeded(payload, Answer::of(ask))
}

/// Returns the error of a result of the type `result<…, error>`, if it failed.
fn succeeded(payload: usize, mut answer: Answer) -> Result<Answer> {
    if !answer.is_some(0) {
        return Ok(answer);
    }
    Err(match answer.number(payload, 1) {
        NO_SUCH_STORE => Error::new(
            code::UNAVAILABLE,
            "the platform has no key-value store `default` for this component",
        ),
        1 => Error::new(
            code::PERMISSION_DENIED,
            "the platform does not let this component use its key-value store",
        ),
        _ => Error::new(code::UNAVAILABLE, answer.text(payload + 4)?),
    })
}

impl Kv for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        let mut value = Bucket::with(|bucket| bucket.of_key(key, 4, bucket_get))?;
        match value.is_some(4) {
            true => value.bytes(8).map(Some),
            false => Ok(None),
        }
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let set = |bucket: &Bucket| {
            checked(4, |area| {
                let text = Address::of(key.as_bytes());
                let bytes = Address::of(value);
                bucket_set(bucket.0.get(), text, key.len(), bytes, value.len(), area);
            })
        };
        Bucket::with(set).map(drop)
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        Bucket::with(|bucket| {
            let existed = bucket.of_key(key, 4, bucket_exists)?.is_some(4);
            bucket.of_key(key, 4, bucket_delete)?;
            Ok(existed)
        })
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        let mut keys = Bucket::with(Bucket::keys)?;
        keys.retain(|key| key.starts_with(prefix));
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}
