/** Where the chats will be: rows of the right height. */
const rows = [72, 54, 84, 60, 76, 48];

/** Shown only while nothing is known yet. */
export function ListSkeleton() {
  return (
    <div className="chat-list" aria-hidden="true" inert>
      {rows.map((width) => (
        <div key={width} className="chat-row">
          <span className="skeleton skeleton-avatar" />
          <span className="chat-row-text">
            <span className="skeleton skeleton-line" style={{ width: `${width}%` }} />
            <span className="skeleton skeleton-line" style={{ width: `${120 - width}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
