/** A parsed jsonb value; rooms narrow it where they read it. Written as text (JSON.stringify). */
// biome-ignore lint/suspicious/noExplicitAny: the shape belongs to the room that owns the column
export type Json = any;
