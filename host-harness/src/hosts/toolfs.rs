//! ToolFS, by the types of its library: `docs/hosts/toolfs.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use plugin_sdk::hosts::toolfs::{self, FileInfo, ROOT, ToolFs};
use plugin_sdk::json::{Arena, members, object};
use plugin_sdk::services::files::Files;
use plugin_sdk::{Error, Result as PluginResult, code};
use serde_json::{Map, Value, json};

use super::contract::{HostContract, HostLimits};
use super::emulator::{Emulation, Emulator, Surroundings, or_empty_object};
use super::guest::{Allocator, Guest};
use crate::abi::{ExportedFunction, I32, I64};
use crate::failure::{Failure, Region};
use crate::manifest::Codec;
use crate::run::json::Checked;
use crate::services::no_such_file;
use crate::{run, text};

const PLUGIN_INSTANCE: &str = "PluginInstance";
const NAME: &str = "name";
const VERSION: &str = "version";
const INIT: &str = "init";
const EXECUTE: &str = "execute";
const ALLOC: &str = "alloc";
const FREE: &str = "free";

const EXPORTS: [ExportedFunction; 7] = [
    (PLUGIN_INSTANCE, &[], &[I32], true),
    (NAME, &[], &[I64], true),
    (VERSION, &[], &[I64], true),
    (INIT, &[I32, I32], &[I64], true),
    (EXECUTE, &[I32, I32], &[I64], true),
    (ALLOC, &[I32], &[I32], true),
    (FREE, &[I32, I32], &[], true),
];

pub(super) const CONTRACT: HostContract = HostContract {
    name: "toolfs",
    summary: "ToolFS, by its interface for plugins",
    feature: Some("host-toolfs"),
    // 64 MiB.
    memory_pages: 1024,
    limits: HostLimits {
        fuel: None,
        timeout: Some(Duration::from_secs(30)),
        asked: false,
    },
    asks: &EXPORTS,
    modules: &["toolfs"],
    allocator: Some(Allocator {
        alloc: ALLOC,
        free: FREE,
        alignment: 16,
    }),
    emulator: |surroundings| {
        Emulation::new([toolfs::provide(Functions(surroundings))], PluginManager)
    },
    ..super::native::CONTRACT
};

/// The names that ToolFS registers before any plugin of a user.
const REGISTERED: [&str; 2] = ["toolfs-memory", "toolfs-rag"];

/// The operations of ToolFS. It ends a plugin's life without a call.
struct PluginManager;

impl Emulator for PluginManager {
    fn load(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        let there: u32 = guest.call(PLUGIN_INSTANCE, ())?;
        let rule =
            "`PluginInstance` returns 1 if there is an instance, and 0 if there is no instance";
        if !guest.yes_or_no(rule, there)? {
            let message = "`PluginInstance` returned 0: there is no instance of the plugin";
            return Err(guest.refused(Error::new(code::INIT_FAILED, message)));
        }
        let name = text_of(guest, NAME)?;
        if name.is_empty() {
            return Err(guest.breaks("a plugin has a name", "`name` returned no bytes"));
        }
        if REGISTERED.contains(&&*name) {
            return Err(guest.breaks(
                "a plugin's name differs from those that ToolFS itself registers",
                format!("ToolFS itself has registered a plugin as `{name}`"),
            ));
        }
        let version = text_of(guest, VERSION)?;
        let manifest = guest.manifest();
        let described = manifest.map(|manifest| (manifest.id.clone(), manifest.version.clone()));
        if let Some((id, its_version)) = described {
            expect_same(guest, NAME, &name, &id)?;
            expect_same(guest, VERSION, &version, &its_version)?;
        }
        Ok(())
    }

    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        let answer: u64 = guest.lend([or_empty_object(config)], |guest, [config]| {
            guest.call(INIT, config)
        })?;
        if answer == 0 {
            return Ok(());
        }
        response(guest, answer)?;
        Err(guest.breaks(
            "`init` returns 0 if it succeeds, and otherwise a response with the reason",
            "its response is a success",
        ))
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let codec = guest
            .manifest()
            .and_then(|manifest| manifest.command(name))
            .map(|command| command.codec);
        let plain = matches!(codec, Some(Codec::Raw | Codec::Binary));
        let request = match plain {
            true => plain_request(name, arguments),
            false => request(name, arguments).map_err(|error| guest.refused(error))?,
        };
        let answer: u64 =
            guest.lend([&request], |guest, [request]| guest.call(EXECUTE, request))?;
        if answer == 0 {
            return Err(guest.breaks("`execute` always has a response", "it returned 0"));
        }
        let result = response(guest, answer)?;
        match plain {
            false => Ok(result),
            true => bytes(&result).ok_or_else(|| {
                guest.breaks(
                    "the result of a command that returns plain bytes is base64",
                    format!("it is {}", shown(&result)),
                )
            }),
        }
    }
}

/// Returns the text of an export without parameters.
fn text_of(guest: &mut Guest, export: &'static str) -> Result<String, Failure> {
    let packed: u64 = guest.call(export, ())?;
    let bytes = guest.copy_packed(Region::Result, packed)?;
    String::from_utf8(bytes).map_err(|error| {
        guest.breaks(
            "name and version are UTF-8",
            format!(
                "the text of `{export}` is not, after byte {}",
                error.utf8_error().valid_up_to()
            ),
        )
    })
}

/// Checks that an export says the same as the plugin's manifest.
fn expect_same(guest: &Guest, export: &str, said: &str, described: &str) -> Result<(), Failure> {
    if said == described {
        return Ok(());
    }
    let said = text::name(said);
    Err(guest.breaks(
        "a plugin's name and version are those of its manifest",
        format!("`{export}` returned `{said}`, and the manifest has `{described}`"),
    ))
}

/// Returns a request as a user of ToolFS would make it: a path among the arguments becomes that of
/// the request, and the others become its data.
fn request(operation: &str, arguments: &[u8]) -> PluginResult<Vec<u8>> {
    let (mut path, mut walk) = (None, Ok(()));
    let arena = Arena::new();
    let mut data = object(|data| {
        walk = members(or_empty_object(arguments), &arena, |name, value| {
            if name == "path" && path.is_none() {
                path = serde_json::from_str::<String>(value).ok();
                if path.is_some() {
                    return Ok(());
                }
            }
            data.json(name, value.as_bytes());
            Ok(())
        });
    });
    if walk.is_err() {
        // Not an object, which only a test sends: the plugin reports what is wrong.
        (path, data) = (None, arguments.to_vec());
    }
    let path = path.map(|path| allowed(&path)).transpose()?;
    Ok(object(|request| {
        request.string("operation", operation);
        if let Some(path) = &path {
            request.string("path", path);
        }
        if data != b"{}" {
            request.json("data", &data);
        }
    }))
}

/// Returns a path below the root of ToolFS, if its sandbox permits a request for it.
fn allowed(path: &str) -> PluginResult<String> {
    let refused = |why: &str| {
        let path = text::name(path);
        Err(Error::new(
            code::PERMISSION_DENIED,
            format!("ToolFS blocks the path `{path}`: {why}"),
        ))
    };
    if path.contains("..") {
        return refused("it may lead out of the mounts");
    }
    match path {
        "" => Ok(ROOT.to_owned()),
        path if path.starts_with(ROOT) => Ok(path.to_owned()),
        path if path.starts_with('/') => refused("it belongs to the host's own file system"),
        path => Ok(format!("{ROOT}/{path}")),
    }
}

/// Returns a request for a command that takes plain bytes.
fn plain_request(operation: &str, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    toolfs::base64::encode(bytes, &mut encoded);
    object(|request| {
        request.string("operation", operation);
        request.json("data", &object(|data| data.json("bytes", &encoded)));
    })
}

/// Returns the bytes that a result represents.
fn bytes(result: &[u8]) -> Option<Vec<u8>> {
    let text: String = serde_json::from_slice(result).ok()?;
    toolfs::base64::decode(&text)
}

/// Returns the result of a response in JSON, or the plugin's error.
fn response(guest: &Guest, packed: u64) -> Result<Vec<u8>, Failure> {
    let bytes = guest.read_packed(Region::Result, packed)?;
    let breaks = |found: String| {
        guest.breaks(
            "a response is an object of `success`, `result`, `error` and `metadata`, each of its type",
            found,
        )
    };
    // The decoder of ToolFS takes the members that it knows, and continues.
    run::json::decode::<Checked>(bytes, Region::Result).map_err(|kind| guest.failure(kind))?;
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(breaks(format!("it is {}", shown(bytes))));
    }
    let (mut seen, mut found) = (0, BTreeMap::new());
    let arena = Arena::new();
    let walk = members(bytes, &arena, |name, value| {
        seen += 1;
        found.insert(name, value);
        Ok(())
    });
    if walk.is_err() || seen != found.len() {
        return Err(breaks("a member is given twice".to_owned()));
    }
    for (name, value) in &found {
        let fits = match *name {
            "success" => matches!(*value, "true" | "false"),
            "result" => true,
            "error" => value.starts_with('"'),
            "metadata" => value.starts_with('{'),
            _ => false,
        };
        if !fits {
            let value = serde_json::from_str(value).unwrap_or(Value::Null);
            let value = value.to_string();
            let name = text::name(name);
            return Err(breaks(format!("`{name}` is {}", shown(value.as_bytes()))));
        }
    }
    let result = found.get("result");
    match (found.get("success"), found.get("error")) {
        (Some(&"true"), None) => Ok(result.unwrap_or(&"null").as_bytes().to_vec()),
        (Some(&"true"), Some(_)) => Err(breaks("it succeeded, and has an `error`".to_owned())),
        (Some(_), Some(message)) if result.is_none() => {
            Err(guest.refused(error(message, found.get("metadata").copied())))
        }
        (Some(_), None) => Err(breaks("it failed, and has no `error`".to_owned())),
        (Some(_), Some(_)) => Err(breaks("it failed, and has a `result`".to_owned())),
        (None, _) => Err(breaks("it has no `success`".to_owned())),
    }
}

/// Returns the plugin's error from its members in JSON. The code and details are in the metadata, if
/// the plugin sets them.
fn error(message: &str, metadata: Option<&str>) -> Error {
    let message: String = serde_json::from_str(message).unwrap_or_default();
    let mut error = Map::new();
    error.insert("code".to_owned(), json!(code::FAILED));
    if let Some(Ok(Value::Object(metadata))) = metadata.map(serde_json::from_str) {
        for (name, value) in metadata {
            let known = match name.as_str() {
                "code" => value.is_string(),
                "details" => true,
                "source" => value
                    .as_array()
                    .is_some_and(|all| all.iter().all(Value::is_string)),
                _ => false,
            };
            if known {
                error.insert(name, value);
            }
        }
    }
    error.insert("message".to_owned(), json!(message));
    serde_json::from_value(error.into()).unwrap_or_else(|_| Error::msg(message))
}

/// Returns the beginning of some JSON, for a message.
fn shown(json: &[u8]) -> String {
    text::name(&String::from_utf8_lossy(json))
}

/// The files of ToolFS, on top of the service. Its mounts are the service's folders; the root
/// itself is not a mount.
struct Functions(Surroundings);

impl Functions {
    /// Returns a path below the root as the service names it, if it is in a mount: a folder that
    /// the service lists at its root.
    fn mounted<'a>(&mut self, path: &'a str) -> PluginResult<&'a str> {
        let within = path.strip_prefix(ROOT).map(|rest| rest.strip_prefix('/'));
        if let Some(Some(within)) = within
            && !within.is_empty()
        {
            let mount = within.split('/').next().unwrap_or(within);
            // A service that cannot list its root decides by itself.
            let is_mounted = match self.0.services.files.list("") {
                Ok(mounts) => mounts.iter().any(|entry| entry.name == mount),
                Err(_) => true,
            };
            // The service explains why it refuses such a name.
            if is_mounted || mount == ".." {
                return Ok(within);
            }
        } else if !path.starts_with('/') {
            self.0.breaches.note(
                "paths of ToolFS begin with `/toolfs`",
                format!("the plugin asked for `{}`", text::name(path)),
            );
        }
        Err(Error::new(
            code::NOT_FOUND,
            format!("the path `{}` is in no mount of ToolFS", text::name(path)),
        ))
    }
}

impl ToolFs for Functions {
    fn read_file(&mut self, path: &str) -> PluginResult<Vec<u8>> {
        let path = self.mounted(path)?;
        self.0.services.files.read(path)
    }

    fn write_file(&mut self, path: &str, data: &[u8]) -> PluginResult<()> {
        let path = self.mounted(path)?;
        self.0.services.files.write(path, data)
    }

    fn list_dir(&mut self, path: &str) -> PluginResult<Vec<String>> {
        let path = self.mounted(path)?;
        let entries = self.0.services.files.list(path)?.into_iter();
        Ok(entries.map(|entry| entry.name).collect())
    }

    fn stat(&mut self, path: &str) -> PluginResult<FileInfo> {
        let path = self.mounted(path)?;
        let Some((folder, name)) = path.rsplit_once('/') else {
            self.0.services.files.list(path)?;
            return Ok(FileInfo {
                size: 0,
                is_dir: true,
            });
        };
        let entries = self.0.services.files.list(folder)?.into_iter();
        let entry = entries.into_iter().find(|entry| entry.name == name);
        match entry {
            Some(entry) => Ok(FileInfo {
                size: entry.bytes,
                is_dir: entry.folder,
            }),
            None => Err(no_such_file(path)),
        }
    }
}
