//! The house rules that no compiler knows: floors, words that do not belong on them, templates, dependencies.
//!
//! Every rule is a function that returns what breaks it; all of them are told at once, with file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors of `src/`, and what each may import of ours besides itself. Imports only point down.
const FLOORS: [(&str, &[&str]); 7] = [
    ("sop", &[]),
    ("engine", &["sop"]),
    ("words", &["sop"]),
    ("adapters", &["sop", "engine", "words"]),
    ("sandbox", &["sop", "engine", "words"]),
    ("config", &["sop", "engine", "words", "adapters", "sandbox"]),
    ("cli", &["sop", "engine", "words", "adapters", "sandbox", "config"]),
];

/// What must not stand in the code of `sop`, and why.
const IMPURE: [(&[&str], &str); 2] = [
    (&["async", ".await", "tokio", "futures_util", "std::fs", "std::net", "std::io", "sqlx"], "sop does no I/O"),
    (
        &["std::time", "Utc::now", "Local::now", "SystemTime", "Instant::now", "rand", "getrandom"],
        "sop is told the time and knows no chance",
    ),
];

/// Chat platforms, and the crates that speak with them.
const PLATFORMS: [&str; 4] = ["discord", "slack", "serenity", "poise"];

const SQL: [&str; 4] = ["sqlx", "INSERT INTO", "DELETE FROM", "CREATE TABLE"];

/// Lines of one file of code, its tests not counted: more than a reader keeps in mind.
const LINES_MAX: usize = 600;

/// A line of a file, with where it stands.
struct Line {
    place: String,
    text: String,
    /// Without strings and comments.
    code: String,
    is_test: bool,
}

struct File {
    path: PathBuf,
    lines: Vec<Line>,
}

impl File {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("a readable file");
        let is_test_file = path.starts_with("tests")
            || path.iter().any(|part| part == "tests")
            || matches!(name(&path), "tests.rs" | "properties.rs" | "fixture.rs");
        let mut is_test = is_test_file;
        let lines = text.lines().enumerate().map(|(number, text)| {
            is_test |= text == "#[cfg(test)]" && !text.is_empty();
            let place = format!("{}:{}", path.display(), number + 1);
            let code = if path.extension().is_some_and(|kind| kind == "rs") { code(text) } else { text.to_owned() };
            let line = Line { place, text: text.to_owned(), code, is_test };
            // `#[cfg(test)] mod tests;` ends at once, `mod tests { … }` lasts to the end of the file.
            is_test &= is_test_file || !text.ends_with(';');
            line
        });
        let lines = lines.collect();
        Self { path, lines }
    }

    /// The floor it stands on: the folder, or the file, directly below `src`.
    fn floor(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src").ok()?;
        below.iter().next()?.to_str().map(|part| part.trim_end_matches(".rs"))
    }

    fn is_rust(&self) -> bool {
        self.path.extension().is_some_and(|kind| kind == "rs")
    }
}

#[test]
fn the_house_is_in_order() {
    let files = files();
    let rules: [(&str, Vec<String>); 11] = [
        ("imports point down", upward_imports(&files)),
        ("sop is pure", impurities(&files)),
        ("the lower floors know no platform", platform_names(&files)),
        ("SQL stands in engine/store only", strayed_sql(&files)),
        ("a file is short enough to be read", long_files(&files)),
        ("every template is used, and every used one exists", templates(&files)),
        ("nothing is left unfinished", unfinished(&files)),
        ("every dependency says why", unexplained_dependencies()),
        ("every test runs", ignored_tests(&files)),
        ("no test sleeps", sleeping_tests(&files)),
        ("production code does not know of tests", test_branches(&files)),
    ];
    let told: Vec<String> = rules
        .into_iter()
        .filter(|(_, breaches)| !breaches.is_empty())
        .map(|(rule, breaches)| format!("{rule}:\n  {}\n", breaches.join("\n  ")))
        .collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

/// A floor imports itself and what lies below it. Tests may hold it against the small Discord.
fn upward_imports(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (file, line) in code_lines(files) {
        let Some((floor, below)) = FLOORS.iter().find(|(floor, _)| file.floor() == Some(*floor)) else { continue };
        for imported in line.code.match_indices("crate::").map(|(at, path)| &line.code[at + path.len()..]) {
            let imported = imported.split(|end: char| !end.is_alphanumeric() && end != '_').next().unwrap_or_default();
            let is_tried = line.is_test && imported == "sandbox";
            if imported != *floor && !below.contains(&imported) && !is_tried {
                breaches.push(format!("{}: {floor} must not import `crate::{imported}`", line.place));
            }
        }
    }
    breaches
}

/// Nothing but the procedure itself decides in `sop`.
fn impurities(files: &[File]) -> Vec<String> {
    let lines = code_lines(files).filter(|(file, line)| file.floor() == Some("sop") && !line.is_test);
    lines
        .flat_map(|(_, line)| IMPURE.iter().flat_map(|(words, why)| found(words, &line.code, &line.place, why)))
        .collect()
}

/// The lower floors serve any platform. A comment above `sop` may say whose limit bounds a constant.
fn platform_names(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (file, line) in code_lines(files) {
        let text = match file.floor() {
            Some("sop") => line.text.to_lowercase(),
            Some("engine" | "words") => line.code.to_lowercase(),
            _ => continue,
        };
        let named = PLATFORMS.iter().filter(|platform| text.contains(*platform));
        breaches.extend(named.map(|platform| format!("{}: {platform}", line.place)));
    }
    breaches
}

/// The log is the business of one folder.
fn strayed_sql(files: &[File]) -> Vec<String> {
    let elsewhere = code_lines(files)
        .filter(|(file, _)| file.path.starts_with("src") && !file.path.starts_with("src/engine/store"));
    elsewhere.flat_map(|(_, line)| found(&SQL, &line.text, &line.place, "SQL outside engine/store")).collect()
}

/// Tests may be as long as they like.
fn long_files(files: &[File]) -> Vec<String> {
    let length = |file: &File| file.lines.iter().filter(|line| !line.is_test).count();
    let long = files.iter().filter(|file| file.is_rust() && length(file) > LINES_MAX);
    long.map(|file| format!("{}: {} lines, at most {LINES_MAX}", file.path.display(), length(file))).collect()
}

/// What `words` asks for by name, and what templates include, against what there is.
fn templates(files: &[File]) -> Vec<String> {
    let there: Vec<&File> = files.iter().filter(|file| file.path.starts_with("templates")).collect();
    let users = || files.iter().filter(|file| file.path.starts_with("templates") || file.floor() == Some("words"));
    let mut breaches = Vec::new();
    let mut used: Vec<&str> = Vec::new();
    for line in users().flat_map(|file| &file.lines).filter(|line| !line.is_test) {
        for name in line.text.split('"').skip(1).step_by(2).filter(|quoted| is_template(quoted)) {
            used.push(name);
            if !there.iter().any(|file| self::name(&file.path) == name) {
                breaches.push(format!("{}: there is no templates/{name}", line.place));
            }
        }
    }
    // Words that are no templates are named by path, which the compiler checks.
    let templates = there.iter().filter(|file| is_template(name(&file.path)));
    let unused = templates.filter(|file| !used.contains(&name(&file.path)));
    breaches.extend(unused.map(|file| format!("{}: no one asks for it", file.path.display())));
    breaches
}

/// What is noted to be done is done, or nothing is noted.
fn unfinished(files: &[File]) -> Vec<String> {
    // In two parts, so that this file does not find itself.
    let marks = [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("dbg", "!("), ("todo", "!("), ("unimplemented", "!(")];
    let marks = marks.map(|(one, two)| [one, two].concat());
    let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
    let lines = files.iter().flat_map(|file| &file.lines);
    lines.flat_map(|line| found(&marks, &line.text, &line.place, "unfinished")).collect()
}

/// A comment above, or beside, or at the head of its group.
fn unexplained_dependencies() -> Vec<String> {
    let manifest = File::read(PathBuf::from("Cargo.toml"));
    let mut breaches = Vec::new();
    let (mut listed, mut explained) = (false, false);
    for line in &manifest.lines {
        let text = line.text.trim();
        if text.starts_with('[') {
            listed = text.contains("dependencies");
        }
        if text.is_empty() || text.starts_with('[') {
            explained = false;
        } else if text.starts_with('#') {
            explained = true;
        } else if listed && !explained && !text.contains(" #") && text.contains(" = ") {
            breaches.push(format!("{}: {text}", line.place));
        }
    }
    breaches
}

fn ignored_tests(files: &[File]) -> Vec<String> {
    let attribute = ["#[", "ignore"].concat();
    code_lines(files)
        .flat_map(|(_, line)| found(&[&attribute], &line.code, &line.place, "a test that never runs"))
        .collect()
}

/// A test waits for a level, never for a while.
fn sleeping_tests(files: &[File]) -> Vec<String> {
    let sleeps = ["sleep(", "sleep_until("].map(|call| ["::", call].concat());
    let sleeps: Vec<&str> = sleeps.iter().map(String::as_str).collect();
    let tests = code_lines(files).filter(|(_, line)| line.is_test);
    tests.flat_map(|(_, line)| found(&sleeps, &line.code, &line.place, "a test that sleeps")).collect()
}

/// `cfg(test)` marks modules of tests, nothing else.
fn test_branches(files: &[File]) -> Vec<String> {
    let is_mark = |line: &Line| line.code.contains("cfg") && line.code.contains("(test)");
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.path.starts_with("src")) {
        for (at, line) in file.lines.iter().enumerate().filter(|(_, line)| is_mark(line)) {
            let marked = file.lines[at + 1..].iter().find(|next| !next.code.trim_start().starts_with("#["));
            let is_module = |next: &Line| next.code.trim_start_matches("pub(crate) ").starts_with("mod ");
            if line.code.contains("cfg!") || !marked.is_some_and(is_module) {
                breaches.push(format!("{}: {}", line.place, line.text.trim()));
            }
        }
    }
    breaches
}

/// Every text file of the project that people write.
fn files() -> Vec<File> {
    let mut paths = Vec::new();
    for folder in ["src", "tests", "templates"] {
        walk(Path::new(folder), &mut paths);
    }
    paths.sort();
    paths.into_iter().map(File::read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path
            .extension()
            .is_some_and(|kind| ["rs", "md", "toml", "js", "css", "html"].iter().any(|ours| kind == *ours))
        {
            paths.push(path);
        }
    }
}

fn code_lines(files: &[File]) -> impl Iterator<Item = (&File, &Line)> {
    files.iter().filter(|file| file.is_rust()).flat_map(|file| file.lines.iter().map(move |line| (file, line)))
}

/// A line of Rust without its comment and without what stands between quotes. Rough, and enough for these rules.
fn code(line: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quoted => drop(characters.next()),
            '"' => quoted = !quoted,
            '/' if !quoted && characters.peek() == Some(&'/') => break,
            _ if quoted => {}
            _ => out.push(character),
        }
    }
    out
}

/// One breach for each word that stands in a text, not as a part of a longer one.
fn found(words: &[&str], text: &str, place: &str, why: &str) -> Vec<String> {
    let stands = |word: &&&str| text.match_indices(**word).any(|(at, _)| stands_alone(text, at, word));
    words.iter().filter(stands).map(|word| format!("{place}: `{word}`: {why}")).collect()
}

fn stands_alone(text: &str, at: usize, word: &str) -> bool {
    let is_letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let joined = |inner: Option<char>, outer: Option<char>| is_letter(inner) && is_letter(outer);
    !joined(word.chars().next(), text[..at].chars().next_back())
        && !joined(word.chars().next_back(), text[at + word.len()..].chars().next())
}

fn is_template(quoted: &str) -> bool {
    Path::new(quoted).extension().is_some_and(|kind| kind == "md") && !quoted.contains('/')
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
