/** The oldest operator set whose models can be read as nodes of today's forms. */
export const oldestOpset = 7;
