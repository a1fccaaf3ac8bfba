/** Credentials that are made when they are needed: ephemeral tokens, and sign-in for Vertex AI. */
export { mintToken, type MintOptions, type MintedToken } from './mint';
export { vertexAuth, type VertexAuth, type VertexAuthOptions } from './vertex';
