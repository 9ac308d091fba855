import { createHash } from "node:crypto";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { limitDocument, MAX_QUERY_BYTES, MAX_TOKENS } from "./limits";

/**
 * Documents that were parsed and found valid, by their text: agents send the same ten all day long. One for all
 * doors (HTTP, sockets, pages); bounded, the oldest goes first.
 */
export class Documents {
  readonly #byText = new Map<string, DocumentNode>();
  /** Apollo asks by the SHA-256 of the text. */
  readonly #byHash = new Map<string, DocumentNode>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly max = 1_000,
  ) {}

  /** @returns the document, or what is wrong with it */
  read(text: string): DocumentNode | readonly GraphQLError[] {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (text.length > MAX_QUERY_BYTES) return [tooLong(text)];
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens: MAX_TOKENS });
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
    const problems = check(this.schema, document);
    if (problems.length > 0) return problems;
    if (this.#byText.size >= this.max) this.#forgetOldest();
    this.#byText.set(text, document);
    this.#byHash.set(hashOf(text), document);
    return document;
  }

  find(hash: string): DocumentNode | undefined {
    return this.#byHash.get(hash);
  }

  #forgetOldest(): void {
    const oldest = this.#byText.keys().next();
    if (oldest.done) return;
    this.#byText.delete(oldest.value);
    this.#byHash.delete(hashOf(oldest.value));
  }
}

/** The limits first: what is too large is not worth the quadratic rules that follow. */
function check(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const problems = validate(schema, document, [limitDocument]);
  return problems.length > 0 ? problems : validate(schema, document, specifiedRules);
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const tooLong = (text: string) =>
  new GraphQLError(`the query has ${text.length} characters; at most ${MAX_QUERY_BYTES} are read`, {
    extensions: { code: "QUERY_TOO_LARGE", details: { found: text.length, max: MAX_QUERY_BYTES } },
  });
