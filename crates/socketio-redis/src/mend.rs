//! Half characters: JavaScript's texts may hold them, as escapes; Rust's and `MessagePack`'s not.

/// The JSON text with every half of a character that has lost the other replaced.
pub(crate) fn halves(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let (kept, len) = match (unit(escape), unit(escape.get(6..).unwrap_or_default())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (true, 12),
            (Some(0xd800..=0xdfff), _) => (false, 6),
            (Some(_), _) => (true, 6),
            // Whatever is escaped is not the beginning of another escape.
            (None, _) => (true, 1 + escape.chars().nth(1).map_or(0, char::len_utf8)),
        };
        let (escape, after) = escape.split_at(len);
        mended.push_str(if kept { escape } else { "\\ufffd" });
        rest = after;
    }
    mended + rest
}

/// What an escape by number at the beginning stands for.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn only_halves_are_replaced() {
        let same = r#"["\ud83d\ude42 \u00e9 \\ud83d \n \"", "🙂", "\\"]"#;
        assert_eq!(halves(same), same);
        assert_eq!(halves(r#""a\ud83d""#), r#""a\ufffd""#);
        assert_eq!(halves(r#""\ude42\ud83d\ud83d\ude42""#), r#""\ufffd\ufffd\ud83d\ude42""#);
        for broken in ["\\", "\\u", "\\u12", "\\uд123", "\\д"] {
            assert_eq!(halves(broken), broken);
        }
    }
}
