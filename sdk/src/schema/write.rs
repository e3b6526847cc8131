//! Writes schemas as JSON.

use super::definitions::Definitions;
use super::name::Name;
use super::node::{
    Annotations, Content, Description, Direction, Enum, Field, Keyword, Kind, Member, Node, Object,
    Representation, Variant, are_intricate,
};
use super::sink::Sink;

/// A writer of schemas in one direction. It refers to types with a definition.
pub struct Writer<'a, 'b> {
    definitions: &'a Definitions,
    direction: Direction,
    sink: &'a mut Sink<'b>,
    /// `true` if the innermost object or array is still empty.
    fresh: bool,
}

/// The annotations of a schema by everything around it; the outermost takes precedence.
#[derive(Clone, Copy)]
struct Layers<'a> {
    annotations: &'a Annotations,
    outer: Option<&'a Layers<'a>>,
}

impl Layers<'_> {
    const fn say(layers: Option<&Layers<'_>>, keyword: Keyword) -> bool {
        match layers {
            None => false,
            Some(layers) => layers.annotations.has(keyword) || Layers::say(layers.outer, keyword),
        }
    }

    /// Returns whether there are more than descriptions and defaults.
    const fn constrain(layers: Option<&Layers<'_>>) -> bool {
        match layers {
            None => false,
            Some(layers) => {
                !layers.annotations.members.is_empty() || Layers::constrain(layers.outer)
            }
        }
    }

    const fn are_empty(layers: Option<&Layers<'_>>) -> bool {
        match layers {
            None => true,
            Some(layers) => layers.annotations.is_empty && Layers::are_empty(layers.outer),
        }
    }
}

/// The tag of a variant among the members of its content.
#[derive(Clone, Copy)]
struct Tag<'a> {
    /// A JSON string.
    key: &'static str,
    variant: &'a Variant,
    siblings: &'static [Variant],
}

impl<'a, 'b> Writer<'a, 'b> {
    pub const fn new(
        definitions: &'a Definitions,
        direction: Direction,
        sink: &'a mut Sink<'b>,
    ) -> Self {
        Writer {
            definitions,
            direction,
            sink,
            fresh: true,
        }
    }

    pub const fn schema(&mut self, node: &'static Node) {
        self.layered(node, None, false);
    }

    /// Begins an element or a member.
    const fn next(&mut self) {
        if !self.fresh {
            self.sink.raw(",");
        }
        self.fresh = false;
    }

    const fn open(&mut self, bracket: &'static str) {
        self.sink.raw(bracket);
        self.fresh = true;
    }

    const fn close(&mut self, bracket: &'static str) {
        self.sink.raw(bracket);
        self.fresh = false;
    }

    /// Writes a key with its colon; the value follows.
    const fn key(&mut self, key: &'static str) {
        if self.fresh {
            self.fresh = false;
        } else {
            self.sink.raw(",");
        }
        self.sink.raw(key);
    }

    /// Writes a name, which is a JSON string; the value follows.
    const fn named(&mut self, name: &'static str) {
        self.next();
        self.sink.raw(name);
        self.sink.raw(":");
    }

    const fn element(&mut self, json: &'static str) {
        self.key(json);
    }

    const fn kind(&mut self, kind: &'static str, nullable: bool) {
        self.key("\"type\":");
        if nullable {
            self.sink.raw("[");
            self.sink.raw(kind);
            self.sink.raw(",\"null\"]");
        } else {
            self.sink.raw(kind);
        }
    }

    const fn layered(&mut self, node: &'static Node, layers: Option<&Layers<'_>>, nullable: bool) {
        match node {
            Node::Annotated { annotations, node } => {
                let layers = Layers {
                    annotations,
                    outer: layers,
                };
                return self.layered(node, Some(&layers), nullable);
            }
            Node::Nullable(node) => return self.layered(node, layers, true),
            Node::Directed { input, output } => {
                let node = match self.direction {
                    Direction::In => input,
                    Direction::Out => output,
                };
                return self.layered(node, layers, nullable);
            }
            _ => {}
        }
        if Layers::are_empty(layers) {
            match node {
                Node::Any | Node::Verbatim => return self.value("true"),
                Node::Never if !nullable => return self.value("false"),
                Node::Text(text) | Node::Plain { whole: text, .. } if !nullable => {
                    return self.value(text);
                }
                _ => {}
            }
            self.open("{");
            self.members(node, None, nullable);
        } else {
            self.open("{");
            self.head(layers);
            self.members(node, layers, nullable);
            self.tail(layers);
        }
        self.close("}");
    }

    const fn value(&mut self, json: &'static str) {
        self.sink.raw(json);
        self.fresh = false;
    }

    /// Writes title and description, which readers look for first.
    const fn head(&mut self, layers: Option<&Layers<'_>>) {
        let Some(Layers { annotations, outer }) = layers else {
            return;
        };
        let outer = *outer;
        self.annotated(annotations.members, outer, true);
        if !Layers::say(outer, Keyword::Description) {
            match annotations.description {
                Description::None => {}
                Description::Json(json) => {
                    self.key("\"description\":");
                    self.sink.raw(json);
                }
                Description::Raw(text) => {
                    self.key("\"description\":");
                    self.sink.string(trim(text));
                }
            }
        }
        self.head(outer);
    }

    const fn tail(&mut self, layers: Option<&Layers<'_>>) {
        let Some(Layers { annotations, outer }) = layers else {
            return;
        };
        let outer = *outer;
        self.annotated(annotations.members, outer, false);
        if let Some(default) = annotations.default
            && !Layers::say(outer, Keyword::Default)
        {
            self.key("\"default\":");
            self.sink.raw(default);
        }
        self.tail(outer);
    }

    const fn annotated(
        &mut self,
        mut members: &'static [Member],
        outer: Option<&Layers<'_>>,
        head: bool,
    ) {
        while let [Member(key, json), rest @ ..] = members {
            let is_head = key.is(Keyword::Title) || key.is(Keyword::Description);
            // A field without a name in this direction does not exist here.
            if is_head == head && !Layers::say(outer, *key) {
                self.key(key.key());
                self.sink.raw(json);
            }
            members = rest;
        }
    }

    /// Writes the type's own keywords, unless an annotation overrides them.
    const fn keywords(&mut self, members: &'static [Member], layers: Option<&Layers<'_>>) {
        self.annotated(members, layers, false);
    }

    /// Writes the members of a schema that is an object.
    const fn members(&mut self, node: &'static Node, layers: Option<&Layers<'_>>, nullable: bool) {
        match node {
            Node::Any | Node::Verbatim => {}
            Node::Numbers(numbers) if !nullable => self.numbers(numbers),
            Node::Null => self.kind("\"null\"", false),
            Node::Never if nullable => self.kind("\"null\"", false),
            Node::Never => self.element("\"not\":{}"),
            Node::Plain { members, .. } if !nullable && !Layers::constrain(layers) => {
                self.element(members);
            }
            Node::Plain { kind, keywords, .. } => {
                self.kind(kind.name(), nullable);
                self.keywords(keywords, layers);
            }
            Node::Sequence { items, keywords } => {
                self.kind("\"array\"", nullable);
                self.key("\"items\":");
                self.schema(items);
                self.keywords(keywords, layers);
            }
            Node::Array { items, length } => {
                self.kind("\"array\"", nullable);
                if *length > 0 {
                    self.key("\"items\":");
                    self.schema(items);
                }
                self.length(*length, *length);
            }
            Node::Tuple(fields) => self.tuple(fields, nullable),
            Node::Map { keys, values } => {
                self.kind("\"object\"", nullable);
                self.map(keys, values, None, "\"additionalProperties\":");
            }
            Node::Object(Object { fields, closed }) => {
                self.object(fields, *closed, None, nullable);
            }
            Node::Enum(of) if !nullable => self.variants(of, false),
            Node::Definition(link) if !nullable => self.reference(&link.get().name),
            Node::Recursive(name) if !nullable => self.reference(name),
            Node::Text(text) if !nullable => {
                self.key("\"allOf\":[");
                self.sink.raw(text);
                self.sink.raw("]");
            }
            _ => {
                self.key("\"anyOf\":");
                self.open("[");
                self.next();
                self.layered(node, None, false);
                self.element("{\"type\":\"null\"}");
                self.close("]");
            }
        }
    }

    const fn reference(&mut self, name: &Name) {
        self.key("\"$ref\":\"#/$defs/");
        self.definitions
            .write_reference(name, self.direction, self.sink);
        self.sink.raw("\"");
    }

    const fn length(&mut self, least: usize, most: usize) {
        if least > 0 {
            self.key("\"minItems\":");
            self.sink.number(least as u64);
        }
        self.key("\"maxItems\":");
        self.sink.number(most as u64);
    }

    const fn tuple(&mut self, fields: &'static [Field], nullable: bool) {
        self.kind("\"array\"", nullable);
        let mut most = 0;
        let mut least = 0;
        let mut fixed = true;
        let mut rest = fields;
        while let [field, others @ ..] = rest {
            if field.names.given(self.direction).is_some() {
                most += 1;
                if field.is_required(self.direction) {
                    least = most;
                } else if matches!(self.direction, Direction::Out) {
                    // Later elements move up.
                    fixed = false;
                }
            }
            rest = others;
        }
        if fixed && most > 0 {
            self.key("\"prefixItems\":");
            self.open("[");
            let mut rest = fields;
            while let [field, others @ ..] = rest {
                if field.names.given(self.direction).is_some() {
                    self.next();
                    self.field(field);
                }
                rest = others;
            }
            self.close("]");
        }
        self.length(if fixed { least } else { 0 }, most);
    }

    /// Writes the schema of a field.
    const fn field(&mut self, field: &'static Field) {
        let layers = Layers {
            annotations: &field.annotations,
            outer: None,
        };
        self.layered(field.node, Some(&layers), false);
    }

    /// Writes the members that describe a map. `properties` is open already, if there are any.
    const fn map(
        &mut self,
        keys: &'static Node,
        values: &'static Node,
        layers: Option<&Annotations>,
        additional: &'static str,
    ) {
        let keys = keys.resolve(self.direction);
        let annotations = match (layers, keys.annotations) {
            (Some(annotations), _) => Some(annotations),
            (None, annotations) => annotations,
        };
        match keys.node {
            Node::Plain {
                kind: Kind::Natural | Kind::Integer,
                keywords,
                ..
            } => {
                self.key("\"patternProperties\":{\"^(");
                self.integers(keywords);
                self.sink.raw(")$\":");
                self.schema(values);
                self.close("}");
                self.key(additional);
                return self.value("false");
            }
            Node::Plain {
                kind: Kind::Number, ..
            } => {
                self.key(
                    "\"patternProperties\":{\"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$\":",
                );
                self.schema(values);
                self.close("}");
                self.key(additional);
                return self.value("false");
            }
            Node::Plain {
                kind: Kind::Boolean,
                ..
            } => {
                self.key("\"properties\":{\"false\":");
                self.schema(values);
                self.sink.raw(",\"true\":");
                self.schema(values);
                self.close("}");
                self.key(additional);
                return self.value("false");
            }
            Node::Numbers(numbers) => {
                self.key("\"properties\":");
                self.open("{");
                let mut rest = *numbers;
                while let [(number, _), others @ ..] = rest {
                    self.next();
                    self.sink.raw("\"");
                    self.integer(*number);
                    self.sink.raw("\":");
                    self.schema(values);
                    rest = others;
                }
                self.close("}");
                self.key(additional);
                return self.value("false");
            }
            Node::Plain {
                kind: Kind::String,
                keywords,
                ..
            } => {
                let pattern = match annotations {
                    Some(annotations) => find(annotations.members, Keyword::Pattern),
                    None => None,
                };
                if let Some(pattern) = pattern {
                    self.key("\"patternProperties\":{");
                    self.sink.raw(pattern);
                    self.sink.raw(":");
                    self.schema(values);
                    self.close("}");
                    self.key(additional);
                    return self.value("false");
                }
                // A key that is a character.
                if find(keywords, Keyword::MaxLength).is_some() {
                    self.key("\"propertyNames\":");
                    self.open("{");
                    self.keywords(keywords, None);
                    self.close("}");
                }
            }
            _ => {}
        }
        if let Node::Enum(of) = keys.node
            && matches!(of.representation, Representation::External)
            && of.is_names_only(self.direction)
        {
            self.key("\"properties\":");
            self.open("{");
            let mut variants = of.variants;
            while let [variant, rest @ ..] = variants {
                if let Some(name) = variant.names.given(self.direction) {
                    self.named(name);
                    self.schema(values);
                    let mut aliases = variant.names.aliases(self.direction);
                    while let [alias, others @ ..] = aliases {
                        self.named(alias);
                        self.schema(values);
                        aliases = others;
                    }
                }
                variants = rest;
            }
            self.close("}");
            self.key(additional);
            return self.value("false");
        }
        self.key(additional);
        self.schema(values);
    }

    /// Writes the members of a schema for one of several integers.
    const fn numbers(&mut self, numbers: &'static [(i128, Annotations)]) {
        self.kind("\"integer\"", false);
        let mut described = false;
        let mut rest = numbers;
        while let [(_, annotations), others @ ..] = rest {
            described |= !annotations.is_empty;
            rest = others;
        }
        self.key(if described { "\"oneOf\":" } else { "\"enum\":" });
        self.open("[");
        let mut rest = numbers;
        while let [(number, annotations), others @ ..] = rest {
            rest = others;
            self.next();
            if !described {
                self.integer(*number);
                continue;
            }
            let layers = Layers {
                annotations,
                outer: None,
            };
            self.open("{");
            self.head(Some(&layers));
            self.key("\"const\":");
            self.integer(*number);
            self.tail(Some(&layers));
            self.close("}");
        }
        self.close("]");
    }

    const fn integer(&mut self, number: i128) {
        if number < 0 {
            self.sink.raw("-");
        }
        let magnitude = number.unsigned_abs();
        assert!(
            magnitude <= u64::MAX as u128,
            "a variant's number must fit 64 bits"
        );
        self.sink.number(magnitude as u64);
    }

    /// Writes a pattern for the integers within the limits of a type.
    const fn integers(&mut self, limits: &'static [Member]) {
        let least = match find(limits, Keyword::Minimum) {
            Some(least) => least,
            None => "0",
        };
        let negative = matches!(least.as_bytes(), [b'-', ..]);
        if matches!(least.as_bytes(), [b'0']) || negative && find(limits, Keyword::Not).is_none() {
            self.sink.raw("0|");
        }
        if let Some(most) = find(limits, Keyword::Maximum) {
            self.positive_integers(most);
        }
        if negative {
            let (_, magnitude) = least.split_at(1);
            self.sink.raw("|-(");
            self.positive_integers(magnitude);
            self.sink.raw(")");
        }
    }

    /// Writes a pattern for the integers from 1 to `most`: those with fewer digits, those with a
    /// smaller digit at some place, and `most` itself.
    const fn positive_integers(&mut self, most: &'static str) {
        let count = most.len();
        if count > 1 {
            self.sink.raw("[1-9]");
            if count > 2 {
                self.sink.raw("[0-9]{0,");
                self.sink.number(count as u64 - 2);
                self.sink.raw("}");
            }
            self.sink.raw("|");
        }
        let mut place = 0;
        let mut rest = most.as_bytes();
        while let [digit, others @ ..] = rest {
            rest = others;
            let least = if place == 0 { b'1' } else { b'0' };
            if *digit > least {
                let (before, _) = most.split_at(place);
                self.sink.raw(before);
                self.digits(least, *digit - 1, 1);
                self.digits(b'0', b'9', rest.len());
                self.sink.raw("|");
            }
            place += 1;
        }
        self.sink.raw(most);
    }

    /// Writes a pattern for `count` digits in a range.
    const fn digits(&mut self, least: u8, most: u8, count: usize) {
        if count == 0 {
            return;
        }
        if least == most {
            self.sink.number((least - b'0') as u64);
        } else {
            self.sink.raw("[");
            self.sink.number((least - b'0') as u64);
            self.sink.raw("-");
            self.sink.number((most - b'0') as u64);
            self.sink.raw("]");
        }
        if count > 1 {
            self.sink.raw("{");
            self.sink.number(count as u64);
            self.sink.raw("}");
        }
    }

    const fn object(
        &mut self,
        fields: &'static [Field],
        closed: bool,
        tag: Option<&Tag<'_>>,
        nullable: bool,
    ) {
        self.kind("\"object\"", nullable);

        let mut begun = false;
        if let Some(tag) = tag {
            self.begin("\"properties\":", "{", &mut begun);
            self.named(tag.key);
            self.open("{");
            self.variant_name(tag.variant, tag.siblings);
            self.close("}");
        }
        self.properties(fields, &mut begun);
        if begun {
            self.close("}");
        }

        let mut begun = false;
        if let Some(tag) = tag {
            self.begin("\"required\":", "[", &mut begun);
            self.element(tag.key);
        }
        self.required(fields, &mut begun);
        if begun {
            self.close("]");
        }

        if are_intricate(fields) {
            self.intricacies(fields, closed);
        } else if closed {
            self.element("\"additionalProperties\":false");
        }
    }

    /// Writes the part of an object's schema for flattened fields and for fields with several
    /// names.
    const fn intricacies(&mut self, fields: &'static [Field], closed: bool) {
        let alternatives = self.alternatives(fields, None);
        if alternatives == 1 {
            self.alternatives(fields, Some(false));
        } else if alternatives > 1 {
            self.key("\"allOf\":");
            self.open("[");
            self.alternatives(fields, Some(true));
            self.close("]");
        }

        let additional = if alternatives > 0 {
            "\"unevaluatedProperties\":"
        } else {
            "\"additionalProperties\":"
        };
        if closed {
            self.key(additional);
            self.value("false");
        } else {
            self.flattened_maps(fields, additional);
        }
    }

    const fn begin(&mut self, key: &'static str, bracket: &'static str, begun: &mut bool) {
        if !*begun {
            self.key(key);
            self.open(bracket);
            *begun = true;
        }
    }

    const fn properties(&mut self, mut fields: &'static [Field], begun: &mut bool) {
        while let [field, rest @ ..] = fields {
            fields = rest;
            let Some(name) = field.names.given(self.direction) else {
                continue;
            };
            if field.flatten {
                if let Node::Object(object) = field.node.resolve(self.direction).node {
                    self.properties(object.fields, begun);
                }
                continue;
            }
            self.begin("\"properties\":", "{", begun);
            self.named(name);
            self.field(field);
            let mut aliases = field.names.aliases(self.direction);
            while let [alias, others @ ..] = aliases {
                self.named(alias);
                self.field(field);
                aliases = others;
            }
        }
    }

    const fn required(&mut self, mut fields: &'static [Field], begun: &mut bool) {
        while let [field, rest @ ..] = fields {
            fields = rest;
            let Some(name) = field.names.given(self.direction) else {
                continue;
            };
            if field.flatten {
                let resolved = field.node.resolve(self.direction);
                if let Node::Object(object) = resolved.node
                    && !resolved.nullable
                {
                    self.required(object.fields, begun);
                }
                continue;
            }
            if field.is_required(self.direction) && field.names.aliases(self.direction).is_empty() {
                self.begin("\"required\":", "[", begun);
                self.element(name);
            }
        }
    }

    /// Writes the conditions beyond the properties: one variant of a flattened enum, one of the
    /// names of a field. Returns their number. Writes only with `write`; `Some(true)` makes each a
    /// schema of its own.
    const fn alternatives(&mut self, mut fields: &'static [Field], write: Option<bool>) -> usize {
        let mut count = 0;
        while let [field, rest @ ..] = fields {
            fields = rest;
            let Some(name) = field.names.given(self.direction) else {
                continue;
            };
            if !field.flatten {
                let aliases = field.names.aliases(self.direction);
                if aliases.is_empty() || !field.is_required(self.direction) {
                    continue;
                }
                count += 1;
                if let Some(apart) = write {
                    self.begin_alternative(apart);
                    self.any_name(name, aliases);
                    self.end_alternative(apart);
                }
                continue;
            }
            let resolved = field.node.resolve(self.direction);
            match resolved.node {
                Node::Object(object) if !resolved.nullable => {
                    count += self.alternatives(object.fields, write);
                }
                Node::Enum(of) => {
                    count += 1;
                    if let Some(apart) = write {
                        self.begin_alternative(apart);
                        if resolved.nullable {
                            self.key("\"anyOf\":");
                            self.open("[");
                            self.next();
                            self.open("{");
                            self.variants(of, true);
                            self.close("}");
                            self.element("{}");
                            self.close("]");
                        } else {
                            self.variants(of, true);
                        }
                        self.end_alternative(apart);
                    }
                }
                Node::Text(text) if !resolved.nullable => {
                    count += 1;
                    if let Some(apart) = write {
                        self.begin_alternative(apart);
                        self.key("\"allOf\":[");
                        self.sink.raw(text);
                        self.sink.raw("]");
                        self.end_alternative(apart);
                    }
                }
                _ => {}
            }
        }
        count
    }

    const fn begin_alternative(&mut self, apart: bool) {
        if apart {
            self.next();
            self.open("{");
        }
    }

    const fn end_alternative(&mut self, apart: bool) {
        if apart {
            self.close("}");
        }
    }

    /// Writes that one of the names must be there.
    const fn any_name(&mut self, name: &'static str, mut aliases: &'static [&'static str]) {
        self.key("\"anyOf\":[{\"required\":[");
        self.sink.raw(name);
        while let [alias, rest @ ..] = aliases {
            self.sink.raw("]},{\"required\":[");
            self.sink.raw(alias);
            aliases = rest;
        }
        self.sink.raw("]}]");
    }

    /// Writes the members that a flattened map takes.
    const fn flattened_maps(&mut self, mut fields: &'static [Field], additional: &'static str) {
        while let [field, rest @ ..] = fields {
            fields = rest;
            if field.flatten && field.names.given(self.direction).is_some() {
                let resolved = field.node.resolve(self.direction);
                match resolved.node {
                    Node::Object(object) => self.flattened_maps(object.fields, additional),
                    Node::Map { keys, values } => {
                        // A second map sees the same members; the first describes them.
                        return self.flattened_map(keys, values, additional);
                    }
                    _ => {}
                }
            }
        }
    }

    const fn flattened_map(
        &mut self,
        keys: &'static Node,
        values: &'static Node,
        additional: &'static str,
    ) {
        let keys = keys.resolve(self.direction);
        // The map does not take members that have a name of their own; names that match a pattern
        // do not count.
        match keys.node {
            Node::Plain {
                kind: Kind::String, ..
            } => {
                self.key(additional);
                self.schema(values);
            }
            // serde has the names as text by then, and reads no number or boolean from it.
            Node::Plain { .. } if matches!(self.direction, Direction::In) => {
                self.key(additional);
                self.value("false");
            }
            _ => {}
        }
    }

    /// Writes the members of a schema for one of several variants. An `open` one is flattened:
    /// there may be other members.
    const fn variants(&mut self, of: &'static Enum, open: bool) {
        let plain_too = !open && matches!(of.representation, Representation::External);
        let mut plain = 0;
        let mut others = 0;
        let mut exclusive = !matches!(of.representation, Representation::Untagged);
        let mut rest = of.variants;
        while let [variant, next @ ..] = rest {
            rest = next;
            if variant.names.given(self.direction).is_none() {
                continue;
            }
            exclusive &= !variant.untagged;
            if plain_too && variant.is_plain(self.direction) {
                plain += 1;
            } else {
                others += 1;
            }
        }
        if others == 0 && plain > 0 {
            return self.plain_variants(of);
        }
        if others == 0 {
            return self.element("\"not\":{}");
        }
        self.key(if exclusive {
            "\"oneOf\":"
        } else {
            "\"anyOf\":"
        });
        self.open("[");
        if plain > 0 {
            self.next();
            self.open("{");
            self.plain_variants(of);
            self.close("}");
        }
        let mut rest = of.variants;
        while let [variant, next @ ..] = rest {
            if variant.names.given(self.direction).is_some()
                && !(plain_too && variant.is_plain(self.direction))
            {
                self.variant(of, variant, open);
            }
            rest = next;
        }
        self.close("]");
    }

    /// Writes all variants that are only names.
    const fn plain_variants(&mut self, of: &'static Enum) {
        self.kind("\"string\"", false);
        self.key("\"enum\":");
        self.open("[");
        let mut rest = of.variants;
        while let [variant, next @ ..] = rest {
            if variant.is_plain(self.direction) {
                self.names(variant);
            }
            rest = next;
        }
        self.close("]");
    }

    const fn names(&mut self, variant: &'static Variant) {
        if let Some(name) = variant.names.given(self.direction) {
            self.element(name);
            let mut aliases = variant.names.aliases(self.direction);
            while let [alias, rest @ ..] = aliases {
                self.element(alias);
                aliases = rest;
            }
        }
    }

    /// Writes the members that describe the name of a variant.
    const fn variant_name(&mut self, variant: &Variant, siblings: &'static [Variant]) {
        self.kind("\"string\"", false);
        let aliases = variant.names.aliases(self.direction);
        let Some(name) = variant.names.given(self.direction) else {
            return;
        };
        if variant.other && matches!(self.direction, Direction::In) {
            self.key("\"not\":{\"enum\":");
            self.open("[");
            let mut rest = siblings;
            while let [sibling, next @ ..] = rest {
                if !sibling.other && !sibling.untagged {
                    self.names(sibling);
                }
                rest = next;
            }
            self.close("]");
            self.close("}");
        } else if aliases.is_empty() {
            self.key("\"const\":");
            self.value(name);
        } else {
            self.key("\"enum\":");
            self.open("[");
            self.element(name);
            let mut rest = aliases;
            while let [alias, next @ ..] = rest {
                self.element(alias);
                rest = next;
            }
            self.close("]");
        }
    }

    /// Writes one element of the list of variants, or one for each name.
    const fn variant(&mut self, of: &'static Enum, variant: &'static Variant, open: bool) {
        let layers = Layers {
            annotations: &variant.annotations,
            outer: None,
        };
        let layers = Some(&layers);
        if variant.untagged {
            self.next();
            return self.content(variant, layers, open);
        }
        match of.representation {
            Representation::Untagged => {
                self.next();
                self.content(variant, layers, open);
            }
            Representation::External => {
                let Some(name) = variant.names.given(self.direction) else {
                    return;
                };
                if matches!(variant.content, Content::Unit) && !open {
                    self.next();
                    self.open("{");
                    self.head(layers);
                    self.variant_name(variant, of.variants);
                    self.tail(layers);
                    return self.close("}");
                }
                self.external(name, variant, layers, open);
                let mut aliases = variant.names.aliases(self.direction);
                while let [alias, rest @ ..] = aliases {
                    self.external(alias, variant, layers, open);
                    aliases = rest;
                }
            }
            Representation::Internal { tag } => {
                self.next();
                let tag = Tag {
                    key: tag,
                    variant,
                    siblings: of.variants,
                };
                self.internal(of, variant, &tag, layers, open);
            }
            Representation::Adjacent { tag, content } => {
                self.next();
                let tag = Tag {
                    key: tag,
                    variant,
                    siblings: of.variants,
                };
                self.adjacent(&tag, content, of.closed && !open, layers);
            }
        }
    }

    const fn external(
        &mut self,
        name: &'static str,
        variant: &'static Variant,
        layers: Option<&Layers<'_>>,
        open: bool,
    ) {
        self.next();
        self.open("{");
        self.head(layers);
        self.kind("\"object\"", false);
        self.key("\"properties\":");
        self.open("{");
        self.named(name);
        self.content(variant, None, false);
        self.close("}");
        self.key("\"required\":");
        self.open("[");
        self.element(name);
        self.close("]");
        if !open {
            self.key("\"additionalProperties\":");
            self.value("false");
        }
        self.tail(layers);
        self.close("}");
    }

    const fn internal(
        &mut self,
        of: &'static Enum,
        variant: &'static Variant,
        tag: &Tag<'_>,
        layers: Option<&Layers<'_>>,
        open: bool,
    ) {
        let (fields, closed, inner): (&'static [Field], bool, Option<&Annotations>) =
            match &variant.content {
                Content::Unit | Content::Tuple(_) => (&[], false, None),
                Content::Struct(_, fields) => (fields, of.closed, None),
                Content::Newtype(field) => {
                    let resolved = field.node.resolve(self.direction);
                    let closed = match resolved.node {
                        Node::Object(object) => object.closed,
                        _ => false,
                    };
                    (core::slice::from_ref(*field), closed, resolved.annotations)
                }
            };
        let inner = Layers {
            annotations: match inner {
                Some(inner) => inner,
                None => &Annotations::NONE,
            },
            outer: layers,
        };
        self.open("{");
        self.head(Some(&inner));
        self.object(fields, closed && !open, Some(tag), false);
        self.tail(Some(&inner));
        self.close("}");
    }

    const fn adjacent(
        &mut self,
        tag: &Tag<'_>,
        content: &'static str,
        closed: bool,
        layers: Option<&Layers<'_>>,
    ) {
        let variant = tag.variant;
        let (described, required) = match &variant.content {
            // It may be given, but has no meaning.
            Content::Unit => (closed && matches!(self.direction, Direction::In), false),
            Content::Newtype(field) => (true, field.is_required(self.direction)),
            Content::Tuple(_) | Content::Struct(..) => (true, true),
        };
        self.open("{");
        self.head(layers);
        self.kind("\"object\"", false);
        self.key("\"properties\":");
        self.open("{");
        self.named(tag.key);
        self.open("{");
        self.variant_name(variant, tag.siblings);
        self.close("}");
        if described {
            self.named(content);
            self.content(variant, None, false);
        }
        self.close("}");
        self.key("\"required\":");
        self.open("[");
        self.element(tag.key);
        if required {
            self.element(content);
        }
        self.close("]");
        if closed {
            self.key("\"additionalProperties\":");
            self.value("false");
        }
        self.tail(layers);
        self.close("}");
    }

    /// Writes the content of a variant, without its tag.
    const fn content(&mut self, variant: &Variant, layers: Option<&Layers<'_>>, open: bool) {
        let node = match variant.content {
            Content::Unit => &Node::Null,
            Content::Tuple(node) => node,
            Content::Struct(node, fields) => {
                if open {
                    self.open("{");
                    self.head(layers);
                    self.object(fields, false, None, false);
                    self.tail(layers);
                    return self.close("}");
                }
                node
            }
            Content::Newtype(field) => {
                let layers = Layers {
                    annotations: &field.annotations,
                    outer: layers,
                };
                return if open {
                    self.open_schema(field.node, &layers);
                } else {
                    self.layered(field.node, Some(&layers), false);
                };
            }
        };
        self.layered(node, layers, false);
    }

    /// Writes a schema that is flattened and must not forbid other members.
    const fn open_schema(&mut self, node: &'static Node, layers: &Layers<'_>) {
        let resolved = node.resolve(self.direction);
        let inner = Layers {
            annotations: match resolved.annotations {
                Some(inner) => inner,
                None => &Annotations::NONE,
            },
            outer: Some(layers),
        };
        match resolved.node {
            Node::Object(Object {
                fields,
                closed: true,
            }) => {
                self.open("{");
                self.head(Some(&inner));
                self.object(fields, false, None, resolved.nullable);
                self.tail(Some(&inner));
                self.close("}");
            }
            Node::Enum(of) if !resolved.nullable => {
                self.open("{");
                self.head(Some(&inner));
                self.variants(of, true);
                self.tail(Some(&inner));
                self.close("}");
            }
            _ => self.layered(node, Some(layers), false),
        }
    }
}

#[allow(
    clippy::indexing_slicing,
    reason = "runs in the compiler, where a panic is an error like any other"
)]
impl Definitions {
    /// Writes the members of `$defs`, without the braces around them.
    pub const fn write(&self, sink: &mut Sink<'_>) {
        let mut nth = 0;
        while nth < self.forms_len {
            let Some(form) = self.forms[nth] else { return };
            sink.raw(if nth == 0 { "\"" } else { ",\"" });
            self.write_name(form, sink);
            sink.raw("\":");
            let body = self.entry(form.entry).definition.body;
            Writer::new(self, form.direction, sink).schema(body);
            nth += 1;
        }
    }

    /// Writes a schema; everything that it refers to must have been collected in the same
    /// direction.
    pub const fn write_schema(
        &self,
        schema: &'static Node,
        direction: Direction,
        sink: &mut Sink<'_>,
    ) {
        Writer::new(self, direction, sink).schema(schema);
    }
}

impl Enum {
    const fn is_names_only(&self, direction: Direction) -> bool {
        let mut rest = self.variants;
        while let [variant, next @ ..] = rest {
            if !matches!(variant.content, Content::Unit)
                || variant.untagged
                || variant.other && matches!(direction, Direction::In)
            {
                return false;
            }
            rest = next;
        }
        true
    }
}

const fn find(mut members: &'static [Member], keyword: Keyword) -> Option<&'static str> {
    while let [Member(key, json), rest @ ..] = members {
        if key.is(keyword) {
            return Some(json);
        }
        members = rest;
    }
    None
}

/// Returns text without the white space around it.
pub(super) const fn trim(text: &str) -> &str {
    text.trim_ascii()
}
