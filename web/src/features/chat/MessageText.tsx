/** The text of a message: links, line breaks, large emoji, and a fold when it is long. */
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useLanguage } from '../../i18n';
import { isEmojiOnly, type Piece, pieces } from './richText';
import { FOLD_LINES } from './rowHeight';

interface Props {
  text: string;
  /** What floats at the end of the last line. */
  meta: ReactNode;
  unfolded: boolean;
  onUnfold: (unfolded: boolean) => void;
}

/** Everything that is not a link is text. */
export function MessageText({ text, meta, unfolded, onUnfold }: Props) {
  const { t } = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  const [tooLong, setTooLong] = useState(false);
  const [open, setOpen] = useState(unfolded);
  const parts = useMemo(() => pieces(text), [text]);
  const mayBeLong = text.length > 400 || text.split('\n', FOLD_LINES + 1).length > FOLD_LINES;

  useLayoutEffect(() => {
    const node = box.current;
    if (mayBeLong && node && !open) setTooLong(node.scrollHeight > node.clientHeight + 4);
  }, [mayBeLong, open]);

  const fold = () => {
    setOpen(!open);
    onUnfold(!open);
  };
  const className = `text ${isEmojiOnly(text) ? 'text-emoji' : ''} ${mayBeLong && !open ? 'text-folded' : ''}`;
  return (
    <>
      <div ref={box} className={className} dir="auto">
        {parts.map((piece, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity.
          <TextPiece key={index} piece={piece} />
        ))}
        {!tooLong && meta}
      </div>
      {tooLong && (
        <div className="text-foot">
          <button type="button" className="text-fold" aria-expanded={open} onClick={fold}>
            {t(open ? 'message.less' : 'message.more')}
          </button>
          {meta}
        </div>
      )}
    </>
  );
}

function TextPiece({ piece }: { piece: Piece }) {
  if (piece.kind === 'text') return piece.text;
  const { origin, pathname, search } = new URL(piece.href);
  if (origin === window.location.origin && pathname.startsWith('/chats/')) {
    return <Link href={pathname + search}>{piece.text}</Link>;
  }
  return (
    <a href={piece.href} target="_blank" rel="noopener noreferrer">
      {piece.text}
    </a>
  );
}
