/** Initials on a colour computed from the id, with a dot while online. */
import { memo } from 'react';
import { avatarColor, initials } from './hue';
import { Icon } from './Icon';

interface Props {
  id: string;
  name: string;
  size?: number;
  online?: boolean;
  group?: boolean;
}

/** Decoration only: the name and the presence in words stand beside it. */
export const Avatar = memo(function Avatar({ id, name, size = 44, online, group }: Props) {
  const letters = initials(name);
  const style = {
    width: size,
    height: size,
    fontSize: Math.round(size * 0.38),
    backgroundColor: avatarColor(id),
    borderRadius: group ? '32%' : undefined,
  };
  return (
    <span className="avatar" style={style} aria-hidden="true">
      {letters || <Icon name={group ? 'chats' : 'people'} size={Math.round(size * 0.5)} />}
      {online && <span className="avatar-dot" />}
    </span>
  );
});
