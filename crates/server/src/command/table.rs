//! Rows for people to read, in columns.

use std::io::{self, Write};

/// Writes rows under a head; the last column is not padded. What would move a terminal's cursor
/// is shown as `?`, for names and devices are what strangers chose.
pub(super) fn write<const N: usize>(
    out: &mut impl Write,
    head: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let head = head.map(str::to_owned);
    let rows: Vec<[String; N]> = std::iter::once(&head)
        .chain(rows)
        .map(|row| row.clone().map(|text| plain(&text)))
        .collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&widths) {
            line.push_str(text);
            line.extend(std::iter::repeat_n(' ', width - text.chars().count() + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// One line without control characters, nor those that turn the direction of writing.
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn columns_are_aligned_and_nothing_moves_the_cursor() {
        let mut out = Vec::new();
        let rows = [["Анна", "1"], ["E\u{1b}[2Jve\n", "22"]].map(|row| row.map(str::to_owned));
        write(&mut out, ["NAME", "N"], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME      N\nАнна      1\nE?[2Jve?  22\n");
    }
}
