//! Checks of an item as a whole, once each part is understood.

use syn::spanned::Spanned;
use syn::{Receiver, ReceiverKind, Type};

use super::attributes::plugin::id_mistake;
use super::model::{
    Argument, Call, Codec, Command, Default, EVENT_MEMBERS, Hook, HookKind, MAX_ARGUMENTS,
    PluginImpl, PluginStruct,
};
use crate::mistakes::Mistakes;
use crate::package::id_of_package;
use crate::schema;
use crate::syntax::{is_opaque, repeated};

pub fn plugin_struct(plugin: &PluginStruct, mistakes: &mut Mistakes) {
    if plugin.options.identity.id.is_none() && id_mistake(&id_of_package()).is_some() {
        mistakes.at(
            plugin.ident.span(),
            "the package's name cannot be a plugin's id: write one, as in #[plugin(id = \"my-plugin\")]",
        );
    }
}

pub fn plugin_impl(plugin: &PluginImpl, mistakes: &mut Mistakes) {
    // Under `cfg`, only one of two functions may exist.
    let both_exist = |one: &Call, other: &Call| one.cfgs.is_empty() && other.cfgs.is_empty();
    for command in &plugin.commands {
        self::command(command, mistakes);
    }
    for command in repeated(&plugin.commands, |earlier, command| {
        earlier.name == command.name && both_exist(&earlier.call, &command.call)
    }) {
        mistakes.at(
            command.name_span,
            format!(
                "there is already a command `{}`: rename one with #[command(rename = \"…\")]",
                command.name
            ),
        );
    }
    for hook in &plugin.hooks {
        self::hook(hook, mistakes);
    }
    for hook in repeated(&plugin.hooks, |earlier, hook| {
        hook.kind != HookKind::Event
            && earlier.kind == hook.kind
            && both_exist(&earlier.call, &hook.call)
    }) {
        mistakes.at(
            hook.span,
            "a plugin has one hook of each kind: call the second from the first",
        );
    }
}

pub fn command(command: &Command, mistakes: &mut Mistakes) {
    receiver(&command.call, mistakes);
    if command.name.starts_with("__") {
        mistakes.at(
            command.name_span,
            "the compiler and the linker reserve names that begin with `__`: rename the function, or write #[command(rename = \"…\")]",
        );
    }
    if let (Some(output), None) = (&command.call.output, &command.options.schema)
        && is_opaque(output)
        && command.options.codec != Codec::Raw
    {
        mistakes.at(
            output,
            "a manifest cannot describe `impl Trait`: write the type, or one that describes it with #[command(schema = …)]",
        );
    }
    match command.options.codec {
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
    mistakes.at_each(
        call.receiver.iter().filter(|of| !by_reference(of)),
        "the plugin outlives every call: take `&self` or `&mut self`",
    );
}

fn raw_arguments(call: &Call, mistakes: &mut Mistakes) {
    mistakes.at_each(
        call.arguments.get(1).map(|second| second.name_span),
        "a raw command takes one argument, the input bytes: remove this one, or remove `raw` to take arguments by name",
    );
    mistakes.at_each(
        call.arguments.iter().filter_map(|of| of.options.attribute),
        "the argument of a raw command is the input bytes, unchanged: remove #[arg]",
    );
}

fn named_arguments(arguments: &[Argument], mistakes: &mut Mistakes) {
    for argument in arguments {
        schema::check::annotations(&argument.options.annotations, mistakes);
        let Some(flatten) = argument.options.flatten else {
            continue;
        };
        if let Some(member) = argument.options.annotations.members.first() {
            mistakes.at(
                member.span,
                "an argument that takes the whole object has no schema of its own: put this on the argument's type",
            );
        }
        if arguments.len() > 1 {
            mistakes.at(
                flatten,
                "this argument takes the whole object: move the other arguments into its type",
            );
        }
    }
    for argument in repeated(arguments, |earlier, argument| earlier.name == argument.name) {
        mistakes.at(
            argument.name_span,
            format!(
                "there is already an argument `{}`: rename one with #[arg(rename = \"…\")]",
                argument.name
            ),
        );
    }
    if let Some(argument) = arguments.get(MAX_ARGUMENTS) {
        mistakes.at(
            argument.name_span,
            format!(
                "a command has at most {MAX_ARGUMENTS} arguments: take a struct with #[arg(flatten)]"
            ),
        );
    }
}

fn no_defaults(arguments: &[Argument], mistakes: &mut Mistakes) {
    for argument in arguments {
        let at = match &argument.options.default {
            Default::None => continue,
            Default::OfType(option) => *option,
            Default::Expr(expression) => expression.span(),
        };
        mistakes.at(
            at,
            "the binary codec always sends every argument: remove the default, or take an `Option`",
        );
    }
}

fn hook(hook: &Hook, mistakes: &mut Mistakes) {
    let Hook { kind, call, .. } = hook;
    match kind {
        HookKind::Init => init(call, mistakes),
        HookKind::Start | HookKind::Stop | HookKind::Cleanup => {
            receiver(call, mistakes);
            mistakes.at_each(
                call.arguments.first().map(|first| first.name_span),
                "this hook takes only `&mut self`: remove this argument",
            );
            if *kind == HookKind::Cleanup
                && let Some(output) = &call.output
                && !matches!(output, Type::Tuple(unit) if unit.elems.is_empty())
            {
                mistakes.at(
                    output,
                    "the host ignores the result of #[cleanup]: return nothing, and move fallible work to #[stop]",
                );
            }
        }
        HookKind::Migrate => migrate(call, mistakes),
        HookKind::Event => {
            receiver(call, mistakes);
            named_arguments(&call.arguments, mistakes);
            event_members(&call.arguments, mistakes);
        }
    }
}

fn init(call: &Call, mistakes: &mut Mistakes) {
    mistakes.at_each(
        &call.receiver,
        "#[init] creates the plugin, so there is no `self` yet: write `fn new(config: Config) -> Result<Self>`",
    );
    mistakes.at_each(
        call.arguments.get(1).map(|second| second.name_span),
        "#[init] takes one argument, the configuration: make this a field of its type",
    );
    mistakes.at_each(
        call.arguments.iter().filter_map(|of| of.options.attribute),
        "the configuration is one value: remove #[arg], and put #[serde(…)] on its type",
    );
    if call.output.is_none() {
        mistakes.at(
            &call.ident,
            "#[init] returns the plugin: write `-> Self` or `-> Result<Self>`",
        );
    }
}

fn migrate(call: &Call, mistakes: &mut Mistakes) {
    const FORM: &str = "write `fn migrate(old: OldState) -> Self` or `-> Result<Self>`";
    mistakes.at_each(
        &call.receiver,
        format!(
            "#[migrate] makes a plugin from an older version's state, so it takes no `self`: {FORM}"
        ),
    );
    match &*call.arguments {
        [] => mistakes.at(
            &call.ident,
            format!("#[migrate] takes an older version's state: {FORM}"),
        ),
        [_, others @ ..] => mistakes.at_each(
            others.first().map(|second| second.name_span),
            "#[migrate] takes one argument, the whole state: make this a field of its type",
        ),
    }
    mistakes.at_each(
        call.arguments.iter().filter_map(|of| of.options.attribute),
        "the state is one value: remove #[arg], and put #[serde(…)] on its type",
    );
    if call.output.is_none() {
        mistakes.at(
            &call.ident,
            format!("#[migrate] returns the plugin: {FORM}"),
        );
    }
}

fn event_members(arguments: &[Argument], mistakes: &mut Mistakes) {
    if arguments
        .iter()
        .any(|argument| argument.options.flatten.is_some())
    {
        return;
    }
    for argument in arguments {
        if !EVENT_MEMBERS.contains(&argument.name.as_str()) {
            mistakes.at(
                argument.name_span,
                "an event has `topic` and `data`: give the argument one of these names, or take the whole event with #[arg(flatten)]",
            );
        }
    }
}
