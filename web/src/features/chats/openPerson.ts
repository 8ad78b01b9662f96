/** Opening the private chat with someone. */
import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { openPrivate, showToast, type UserId } from '../../state';

/** Goes there, or says why not. */
export function useOpenPerson(): (userId: UserId) => Promise<boolean> {
  const [, navigate] = useLocation();
  return useCallback(
    async (userId) => {
      const outcome = await openPrivate(userId);
      if (outcome.ok) navigate(`/chats/${outcome.value}`);
      else showToast(outcome.problem);
      return outcome.ok;
    },
    [navigate],
  );
}
