//! zvon-socketio
