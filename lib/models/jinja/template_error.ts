/** Mistakes of templates. @module */

/** A template that cannot be read or rendered; the message is in the template's or user's words. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** Whether it went on for too long, so that trying again in another way makes no sense. */
  readonly endless: boolean;

  constructor(message: string, endless = false) {
    super(message);
    this.endless = endless;
  }
}
