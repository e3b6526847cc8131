//! What is wrong with an item as a whole, once each part is understood.

use syn::spanned::Spanned;
use syn::{Receiver, ReceiverKind, Type};

use crate::manifest;
use crate::mistakes::Mistakes;
use crate::model::{Argument, Call, Codec, Command, Default, Hook, HookKind, PluginImpl};
use crate::schema;

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
        let twin = plugin.hooks.iter().take(nth).find(|earlier| {
            earlier.kind == hook.kind
                && hook.kind != HookKind::Event
                && earlier.call.cfgs.is_empty()
                && hook.call.cfgs.is_empty()
        });
        if twin.is_some() {
            mistakes.add(syn::Error::new(
                hook.span,
                "a plugin has one hook of each kind: call the second from the first",
            ));
        }
        self::hook(hook, mistakes);
    }
}

pub fn command(command: &Command, mistakes: &mut Mistakes) {
    receiver(&command.call, mistakes);
    if command.name.starts_with("__") {
        mistakes.add(syn::Error::new(
            command.name_span,
            "names that begin with `__` are the compiler's and the linker's: give the command another one, or write #[command(rename = \"…\")]",
        ));
    }
    if let (Some(output), None) = (&command.call.output, &command.schema)
        && manifest::names_no_type(output)
        && command.codec != Codec::Raw
    {
        mistakes.at(
            output,
            "a host wants to know what this is: write the type, or what to describe it as, #[command(schema = …)]",
        );
    }
    match command.codec {
        Codec::Raw => raw_arguments(&command.call, mistakes),
        Codec::Json => named_arguments(&command.call.arguments, mistakes),
        Codec::Binary => {
            named_arguments(&command.call.arguments, mistakes);
            no_defaults(&command.call.arguments, mistakes);
        }
    }
}

fn receiver(call: &Call, mistakes: &mut Mistakes) {
    let by_reference = |receiver: &Receiver| match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => matches!(**ty, Type::Reference(_)),
        _ => false,
    };
    if let Some(receiver) = &call.receiver
        && !by_reference(receiver)
    {
        mistakes.at(
            receiver,
            "the plugin outlives every call: take `&self` or `&mut self`",
        );
    }
}

fn raw_arguments(call: &Call, mistakes: &mut Mistakes) {
    if let Some(second) = call.arguments.get(1) {
        mistakes.add(syn::Error::new(
            second.name_span,
            "a raw command takes one argument, the bytes: remove this one, or remove `raw` to take arguments by name",
        ));
    }
    for attribute in call
        .arguments
        .iter()
        .filter_map(|argument| argument.attribute)
    {
        mistakes.add(syn::Error::new(
            attribute,
            "the argument of a raw command is the bytes as they are: remove #[arg]",
        ));
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
        schema::check::annotations(&argument.annotations, mistakes);
        if argument.flatten.is_some()
            && let Some(member) = argument.annotations.members.first()
        {
            mistakes.add(syn::Error::new(
                member.span,
                "an argument that takes the whole object has no schema of its own that this could be said of: put it on the argument's type",
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

fn no_defaults(arguments: &[Argument], mistakes: &mut Mistakes) {
    for argument in arguments {
        let at = match &argument.default {
            Default::None => continue,
            Default::OfType(option) => *option,
            Default::Expr(expression) => expression.span(),
        };
        mistakes.add(syn::Error::new(
            at,
            "the binary codec leaves no argument out: remove the default, or take an `Option`",
        ));
    }
}

fn hook(hook: &Hook, mistakes: &mut Mistakes) {
    let Hook { kind, call, .. } = hook;
    match kind {
        HookKind::Init => init(call, mistakes),
        HookKind::Start | HookKind::Stop | HookKind::Cleanup => {
            receiver(call, mistakes);
            if let Some(first) = call.arguments.first() {
                mistakes.add(syn::Error::new(
                    first.name_span,
                    "this hook takes no arguments but `&mut self`",
                ));
            }
            if *kind == HookKind::Cleanup
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
            receiver(call, mistakes);
            named_arguments(&call.arguments, mistakes);
            event_members(&call.arguments, mistakes);
        }
    }
}

fn init(call: &Call, mistakes: &mut Mistakes) {
    if let Some(receiver) = &call.receiver {
        mistakes.at(
            receiver,
            "#[init] makes the plugin, so there is no `self` yet: write `fn new(config: Config) -> Result<Self>`",
        );
    }
    if let Some(second) = call.arguments.get(1) {
        mistakes.add(syn::Error::new(
            second.name_span,
            "#[init] takes one argument, the configuration: make this a field of its type",
        ));
    }
    for attribute in call
        .arguments
        .iter()
        .filter_map(|argument| argument.attribute)
    {
        mistakes.add(syn::Error::new(
            attribute,
            "the configuration is one value: remove #[arg], and put #[serde(…)] on its type",
        ));
    }
    if call.output.is_none() {
        mistakes.at(
            &call.ident,
            "#[init] returns the plugin: write `-> Self` or `-> Result<Self>`",
        );
    }
}

/// What an event consists of.
pub const EVENT_MEMBERS: [&str; 2] = ["topic", "data"];

fn event_members(arguments: &[Argument], mistakes: &mut Mistakes) {
    if arguments.iter().any(|argument| argument.flatten.is_some()) {
        return;
    }
    for argument in arguments {
        if !EVENT_MEMBERS.contains(&argument.name.as_str()) {
            mistakes.add(syn::Error::new(
                argument.name_span,
                "an event has a `topic` and `data`: name the argument so, or take the whole event with #[arg(flatten)]",
            ));
        }
    }
}
