//! A URL's query.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zvon_socketio::parsers::Query;

fuzz_target!(|text: &str| {
    let query = Query::parse(text);
    assert!(query.all.len() <= text.split('&').count());
    for (known, name) in [(&query.eio, "EIO"), (&query.transport, "transport"), (&query.sid, "sid")]
    {
        let first = query.all.iter().find(|(found, _)| found == name).map(|(_, value)| value);
        assert_eq!(known.as_ref(), first);
    }
});
