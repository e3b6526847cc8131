//! What is wrong with an item as a whole, once each part is understood.

use syn::Type;

use crate::mistakes::Mistakes;
use crate::model::{Argument, Call, Codec, Command, HookKind, PluginImpl, Receiver};

pub fn plugin_impl(plugin: &PluginImpl, mistakes: &mut Mistakes) {
    for (nth, command) in plugin.commands.iter().enumerate() {
        self::command(command, mistakes);
        let twin = plugin.commands.iter().take(nth).find(|earlier| {
            earlier.name == command.name
                // Under `cfg`, only one of them may exist.
                && earlier.call.cfgs.is_empty()
                && command.call.cfgs.is_empty()
        });
        if twin.is_some() {
            mistakes.add(syn::Error::new(
                command.name_span,
                format!(
                    "there is a command `{}` already; rename one with #[command(rename = \"…\")]",
                    command.name
                ),
            ));
        }
    }
    for (nth, hook) in plugin.hooks.iter().enumerate() {
        if plugin
            .hooks
            .iter()
            .take(nth)
            .any(|earlier| earlier.kind == hook.kind)
        {
            mistakes.add(syn::Error::new(
                hook.span,
                "a plugin has one hook of each kind: call the second from the first",
            ));
        }
        self::hook(hook.kind, &hook.call, mistakes);
    }
}

pub fn command(command: &Command, mistakes: &mut Mistakes) {
    match command.codec {
        Codec::Raw => raw_arguments(&command.call, mistakes),
        Codec::Json | Codec::Binary => named_arguments(&command.call.arguments, mistakes),
    }
}

fn raw_arguments(call: &Call, mistakes: &mut Mistakes) {
    if let Some(second) = call.arguments.get(1) {
        mistakes.add(syn::Error::new(
            second.name_span,
            "a raw command takes one argument, the bytes: remove this one, or remove `raw` to take arguments by name",
        ));
    }
    for argument in &call.arguments {
        if !matches!(argument.default, crate::model::Default::None) || argument.flatten.is_some() {
            mistakes.add(syn::Error::new(
                argument.name_span,
                "the argument of a raw command is the bytes as they are: remove #[arg]",
            ));
        }
    }
}

fn named_arguments(arguments: &[Argument], mistakes: &mut Mistakes) {
    for (nth, argument) in arguments.iter().enumerate() {
        if arguments
            .iter()
            .take(nth)
            .any(|earlier| earlier.name == argument.name)
        {
            mistakes.add(syn::Error::new(
                argument.name_span,
                format!(
                    "there is an argument `{}` already; rename one with #[arg(rename = \"…\")]",
                    argument.name
                ),
            ));
        }
        if let Some(flatten) = argument.flatten
            && arguments.len() > 1
        {
            mistakes.add(syn::Error::new(
                flatten,
                "this argument takes the whole object: it must be the only one; move the others into its type",
            ));
        }
    }
}

fn hook(kind: HookKind, call: &Call, mistakes: &mut Mistakes) {
    for argument in &call.arguments {
        if argument.flatten.is_some() && kind != HookKind::Event {
            mistakes.add(syn::Error::new(
                argument.name_span,
                "`flatten` is for commands and events: remove it",
            ));
        }
    }
    let at = |message: &str| syn::Error::new(call.ident.span(), message);
    match kind {
        HookKind::Init => {
            if call.receiver != Receiver::None {
                mistakes.add(at(
                    "#[init] makes the plugin, so there is no `self` yet: write `fn new(config: Config) -> Result<Self>`",
                ));
            }
            if let Some(second) = call.arguments.get(1) {
                mistakes.add(syn::Error::new(
                    second.name_span,
                    "#[init] takes one argument, the configuration: make this a field of its type",
                ));
            }
            if call.output.is_none() {
                mistakes.add(at(
                    "#[init] returns the plugin: write `-> Self` or `-> Result<Self>`",
                ));
            }
        }
        HookKind::Start | HookKind::Stop | HookKind::Cleanup => {
            if let Some(first) = call.arguments.first() {
                mistakes.add(syn::Error::new(
                    first.name_span,
                    "this hook takes no arguments but `&mut self`",
                ));
            }
            if kind == HookKind::Cleanup
                && let Some(output) = &call.output
                && !matches!(output, Type::Tuple(unit) if unit.elems.is_empty())
            {
                mistakes.at(
                    output,
                    "nobody hears what #[cleanup] returns: return nothing, and do what may fail in #[stop]",
                );
            }
        }
        HookKind::Event => {
            let flattened = call
                .arguments
                .iter()
                .any(|argument| argument.flatten.is_some());
            for argument in &call.arguments {
                if !flattened && !EVENT_MEMBERS.contains(&argument.name.as_str()) {
                    mistakes.add(syn::Error::new(
                        argument.name_span,
                        "an event has a `topic` and `data`: name the argument so, or take the whole event with #[arg(flatten)]",
                    ));
                }
            }
            named_arguments(&call.arguments, mistakes);
        }
    }
}

/// What an event consists of.
pub const EVENT_MEMBERS: [&str; 2] = ["topic", "data"];
