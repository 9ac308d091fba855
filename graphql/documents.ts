import { createHash } from "node:crypto";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  recommendedRules,
  specifiedRules,
  validate,
} from "graphql";
import { AppError } from "@/core/errors";
import { limitDocument, MAX_QUERY_BYTES, MAX_TOKENS } from "./limits";

/** Ours are below 4 kB. A parsed document takes some eight times the memory of its text. */
const MAX_KEPT_LENGTH = 8 * 1024;
/** Characters of all that are kept. */
const MAX_KEPT = 2 * 1024 * 1024;
/** With graphql-js's own bound on introspection: lists in lists of types and fields grow a hundredfold a level. */
const RULES = [...specifiedRules, ...recommendedRules];
/** Each repeats words of the caller. */
const MAX_PROBLEMS = 20;

/**
 * Documents that were parsed and found valid, by their text: agents send the same ten all day long. One for all
 * doors (HTTP, sockets, pages); bounded, the oldest goes first, and long ones are not kept at all.
 */
export class Documents {
  readonly #byText = new Map<string, DocumentNode>();
  /** Apollo asks by the SHA-256 of the text. */
  readonly #byHash = new Map<string, DocumentNode>();
  #length = 0;
  /** Texts of our own clients' documents, by their id (`sha256:...`). */
  readonly #known: ReadonlyMap<string, string>;
  readonly #names: ReadonlyMap<string, string>;

  constructor(
    private readonly schema: GraphQLSchema,
    { known = [], onlyKnown = false }: DocumentsOptions = {},
  ) {
    this.#known = new Map(known.map((text) => [`sha256:${hashOf(text)}`, text]));
    this.#names = new Map(
      known.map((text) => [text, /(?:query|mutation)\s+(\w+)/.exec(text)?.[1] ?? "other"]),
    );
    this.#allowed = onlyKnown ? new Set(known) : undefined;
  }

  readonly #allowed: ReadonlySet<string> | undefined;

  /** The name of a document of our own clients; `other` for everybody else's: names of strangers are no labels. */
  nameOf(text: string): string {
    return this.#names.get(text) ?? "other";
  }

  /** The text that a client of ours stands for by `documentId`. @throws AppError PERSISTED_DOCUMENT_NOT_FOUND */
  textOf(id: string): string {
    const text = this.#known.get(id);
    if (text !== undefined) return text;
    throw new AppError(
      "PERSISTED_DOCUMENT_NOT_FOUND",
      `this server does not know the document ${id.slice(0, 80)}: send its text as query`,
    );
  }

  /** Characters of the texts that are kept. */
  get length(): number {
    return this.#length;
  }

  /** @returns the document, or what is wrong with it */
  read(text: string): DocumentNode | readonly GraphQLError[] {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.#allowed?.has(text) === false) return [notOurs()];
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
    if (text.length <= MAX_KEPT_LENGTH) this.#keep(text, document);
    return document;
  }

  find(hash: string): DocumentNode | undefined {
    return this.#byHash.get(hash);
  }

  #keep(text: string, document: DocumentNode): void {
    this.#byText.set(text, document);
    this.#byHash.set(hashOf(text), document);
    this.#length += text.length;
    for (const oldest of this.#byText.keys()) {
      if (this.#length <= MAX_KEPT) return;
      this.#byText.delete(oldest);
      this.#byHash.delete(hashOf(oldest));
      this.#length -= oldest.length;
    }
  }
}

export interface DocumentsOptions {
  /** Documents of our own clients: they may send an id instead of the text. */
  known?: readonly string[];
  /** Refuse all others. */
  onlyKnown?: boolean;
}

/** The limits first: what is too large is not worth the quadratic rules that follow. */
function check(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const problems = validate(schema, document, [limitDocument]);
  return problems.length > 0 ? problems : validate(schema, document, RULES, { maxErrors: MAX_PROBLEMS });
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const tooLong = (text: string) =>
  new GraphQLError(`the query has ${text.length} characters; at most ${MAX_QUERY_BYTES} are read`, {
    extensions: { code: "QUERY_TOO_LARGE", details: { found: text.length, max: MAX_QUERY_BYTES } },
  });

const notOurs = () =>
  new GraphQLError("this server answers Besom's own documents only (BESOM_DOCUMENTS=known)", {
    extensions: { code: "FORBIDDEN" },
  });
