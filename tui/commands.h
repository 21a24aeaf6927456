/* commands.h - what can be typed behind the key `:`.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

/* The key: ask for one. */
void command_ask(struct browser *, void *state, int key);

/* Run what was typed. False: it is no command, or cannot be done so. */
bool command_run(struct browser *, const char *line, struct err *);

/* For the help page, the i-th: how it is written, and what it does. False: there are no more. */
bool command_usage(size_t i, char *usage, size_t size, const char **help);

#endif
