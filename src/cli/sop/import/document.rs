//! A Markdown document as what it consists of: tables, lists and texts, each with its headings and its line.

use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

#[derive(Debug, Default)]
pub(super) struct Document {
    /// The first heading, or nothing.
    pub title: String,
    pub tables: Vec<Table>,
    pub lists: Vec<List>,
    pub texts: Vec<Text>,
    /// Blocks of HTML that say something, with their tags.
    pub html: Vec<Text>,
}

/// A line counts from 1.
#[derive(Debug)]
pub(super) struct Table {
    pub section: String,
    pub line: usize,
    /// The names of its columns in small letters.
    pub head: Vec<String>,
    pub rows: Vec<Row>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

#[derive(Debug)]
pub(super) struct List {
    pub section: String,
    pub line: usize,
    /// Of its own level only; what stands below an item belongs to it.
    pub items: Vec<Text>,
}

/// A paragraph, an item, a quotation, a block of code.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    pub section: String,
    pub line: usize,
    pub says: String,
    pub is_quoted: bool,
}

impl Table {
    /// Where the first column is whose name has one of these words.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        let is_called = |head: &String, name: &str| {
            let words =
                |text: &str| format!(" {} ", text.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>().join(" "));
            words(head).contains(&words(name))
        };
        names.iter().find_map(|name| self.head.iter().position(|head| is_called(head, name)))
    }
}

impl Row {
    pub(super) fn cell(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).map_or("", String::as_str)
    }
}

/// What is being read.
#[derive(Default)]
struct Reader {
    document: Document,
    /// Headings above, by their level.
    headings: Vec<(usize, String)>,
    heading: Option<(usize, String)>,
    table: Option<Table>,
    row: Option<Row>,
    cell: Option<String>,
    lists: Vec<List>,
    items: Vec<Text>,
    text: Option<Text>,
    html: Option<Text>,
    /// How many quotations this stands in.
    quotes: usize,
}

impl Document {
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader::default();
        let lines = Lines::of(text);
        for (event, span) in
            Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS).into_offset_iter()
        {
            reader.take(event, &span, &lines);
        }
        reader.document
    }
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: &Range<usize>, lines: &Lines) {
        let line = lines.number(span.start);
        match event {
            Event::Start(tag) => self.start(&tag, line),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => self.write(&text),
            Event::SoftBreak | Event::HardBreak => self.write("\n"),
            Event::InlineHtml(tag) if tag.starts_with("<br") => self.write("\n"),
            Event::Html(text) => self.html.iter_mut().for_each(|html| html.says.push_str(&text)),
            Event::Rule
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, line: usize) {
        let section = self.section();
        let text = |is_quoted| Text { section: section.clone(), line, says: String::new(), is_quoted };
        match tag {
            Tag::Heading { level, .. } => self.heading = Some((*level as usize, String::new())),
            Tag::Table(_) => self.table = Some(Table { section, line, head: Vec::new(), rows: Vec::new() }),
            Tag::TableHead | Tag::TableRow => self.row = Some(Row { line, cells: Vec::new() }),
            Tag::TableCell => self.cell = Some(String::new()),
            Tag::List(_) => self.lists.push(List { section, line, items: Vec::new() }),
            Tag::Item => self.items.push(text(false)),
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::HtmlBlock => self.html = Some(text(false)),
            Tag::Paragraph | Tag::CodeBlock(_) if self.items.is_empty() => {
                self.text = Some(text(self.quotes > 0));
            }
            Tag::Paragraph => self.write("\n"),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::TableCell => {
                if let (Some(row), Some(cell)) = (&mut self.row, self.cell.take()) {
                    row.cells.push(one_line(&cell));
                }
            }
            TagEnd::TableHead => {
                if let (Some(table), Some(row)) = (&mut self.table, self.row.take()) {
                    table.head = row.cells.iter().map(|cell| cell.to_lowercase()).collect();
                }
            }
            TagEnd::TableRow => {
                if let (Some(table), Some(row)) = (&mut self.table, self.row.take()) {
                    table.rows.push(row);
                }
            }
            TagEnd::Table => self.document.tables.extend(self.table.take()),
            TagEnd::Item => self.end_item(),
            TagEnd::List(_) => self.end_list(),
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::HtmlBlock => self.document.html.extend(self.html.take().filter(|html| is_said(&html.says))),
            TagEnd::Paragraph | TagEnd::CodeBlock => {
                self.document.texts.extend(self.text.take().filter(|text| !text.says.trim().is_empty()));
            }
            _ => {}
        }
    }

    fn end_heading(&mut self) {
        let Some((level, text)) = self.heading.take() else { return };
        let text = one_line(&text);
        if self.document.title.is_empty() {
            self.document.title.clone_from(&text);
        }
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, text));
    }

    fn end_item(&mut self) {
        let Some(item) = self.items.pop() else { return };
        if let Some(list) = self.lists.last_mut() {
            list.items.push(Text { says: item.says.trim().to_owned(), ..item });
        }
    }

    /// A list within an item is a part of that item.
    fn end_list(&mut self) {
        let Some(list) = self.lists.pop() else { return };
        match self.items.last_mut() {
            Some(item) => {
                for part in list.items {
                    item.says.push('\n');
                    item.says.push_str(&part.says);
                }
            }
            None => self.document.lists.push(list),
        }
    }

    fn write(&mut self, text: &str) {
        let cell = self.cell.as_mut().or(self.heading.as_mut().map(|(_, text)| text));
        let item = self.items.last_mut().map(|item| &mut item.says);
        if let Some(into) = cell.or(item).or(self.text.as_mut().map(|text| &mut text.says)) {
            into.push_str(text);
        }
    }

    /// The headings above in small letters, the nearest last.
    fn section(&self) -> String {
        self.headings.iter().map(|(_, text)| text.to_lowercase()).collect::<Vec<_>>().join(" / ")
    }
}

/// Whether there is more in HTML than tags and comments.
fn is_said(html: &str) -> bool {
    static TAGS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("(?s)<!--.*?-->|<[^>]*>").expect("a pattern of ours is well written"));
    !TAGS.replace_all(html, "").trim().is_empty()
}

/// Words with single spaces between, and nothing that cannot be seen.
pub(super) fn one_line(text: &str) -> String {
    let seen: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where lines begin, in bytes.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self([0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn number(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}
