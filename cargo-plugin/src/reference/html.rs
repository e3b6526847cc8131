//! The reference as one HTML file without scripts, made from the Markdown.

use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_server::page;
use pulldown_cmark::html::push_html;
use pulldown_cmark::{Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};

use super::anchors::{self, Anchors};
use super::markdown::markdown;
use super::syntax::OPTIONS;

/// The beginnings of addresses that links may lead to.
const ADDRESSES: [&str; 4] = ["https://", "http://", "mailto:", "#"];

/// Returns the whole reference as a page.
pub fn page(manifest: &Manifest) -> String {
    let text = markdown(manifest);
    let events = harmless(Parser::new_ext(&text, OPTIONS));
    let (events, contents) = with_anchors(events);
    let mut body = String::new();
    let main = |tag: &'static str| std::iter::once(Event::Html(tag.into()));
    let events = main("<main>\n").chain(events).chain(main("</main>"));
    push_html(&mut body, contents.into_iter().chain(events));
    let mut title = String::new();
    push_html(
        &mut title,
        [Event::Text(manifest.name.as_str().into())].into_iter(),
    );
    page::document(&title, &body)
}

/// Turns HTML into text, drops links to other than web pages, and shows the words of an image in
/// its place.
fn harmless<'t>(events: impl Iterator<Item = Event<'t>>) -> Vec<Event<'t>> {
    let mut links = Vec::new();
    let mut kept = Vec::new();
    for event in events {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => kept.push(Event::Text(text)),
            Event::Start(Tag::HtmlBlock) => kept.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => kept.push(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link {
                link_type,
                ref dest_url,
                ..
            }) => {
                let allowed = link_type == LinkType::Email
                    || ADDRESSES.iter().any(|begin| dest_url.starts_with(begin));
                links.push(allowed);
                kept.extend(allowed.then_some(event));
            }
            Event::End(TagEnd::Link) => {
                let allowed = links.pop().unwrap_or(false);
                kept.extend(allowed.then_some(event));
            }
            // Tables scroll by themselves, so that the page does not.
            Event::Start(Tag::Table(_)) => {
                kept.push(Event::Html("<div class=\"table\" tabindex=\"0\">".into()));
                kept.push(event);
            }
            Event::End(TagEnd::Table) => {
                kept.push(event);
                kept.push(Event::Html("</div>".into()));
            }
            event => kept.push(event),
        }
    }
    kept
}

/// Gives headings the anchors that the Markdown links to. Returns the table of contents as well.
fn with_anchors(events: Vec<Event<'_>>) -> (Vec<Event<'_>>, Vec<Event<'_>>) {
    let mut anchors = Anchors::default();
    let mut entries = Vec::new();
    let mut all = Vec::new();
    let mut rest = events.into_iter();
    while let Some(event) = rest.next() {
        let Event::Start(Tag::Heading { level, .. }) = event else {
            all.push(event);
            continue;
        };
        let words = anchors::heading(&mut rest);
        let id = anchors.next(&anchors::words(&words));
        if matches!(level, HeadingLevel::H2 | HeadingLevel::H3) {
            entries.push((level, id.clone(), words.clone()));
        }
        all.push(Event::Start(Tag::Heading {
            level,
            id: Some(id.into()),
            classes: Vec::new(),
            attrs: Vec::new(),
        }));
        all.extend(words);
        all.push(Event::End(TagEnd::Heading(level)));
    }
    (all, contents(entries))
}

/// Returns a table of contents: a list of sections, each with its parts.
fn contents<'t>(entries: Vec<(HeadingLevel, String, Vec<Event<'t>>)>) -> Vec<Event<'t>> {
    let mut list = vec![Event::Html("<nav aria-label=\"Contents\"><ul>".into())];
    for (level, id, words) in entries {
        let class = match level {
            HeadingLevel::H2 => "<li class=\"section\">",
            _ => "<li>",
        };
        list.push(Event::Html(class.into()));
        list.push(Event::Start(Tag::Link {
            link_type: LinkType::Inline,
            dest_url: format!("#{id}").into(),
            title: "".into(),
            id: "".into(),
        }));
        let is_link = |event: &Event<'_>| {
            matches!(
                event,
                Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link)
            )
        };
        list.extend(words.into_iter().filter(|event| !is_link(event)));
        list.push(Event::End(TagEnd::Link));
        list.push(Event::Html("</li>".into()));
    }
    list.push(Event::Html("</ul></nav>".into()));
    list
}
