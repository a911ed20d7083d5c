export {
  createApiKey,
  createLoginToken,
  identityOfCookie,
  identityOfKey,
  scopes,
  signIn,
  signOut,
  type AccessParts,
  type Identity,
  type Scope,
} from './access.ts';
