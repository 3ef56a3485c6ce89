#pragma once

#include <git2.h>

/* git_libgit2_opts is variadic, which Swift does not import; these are its calls with a fixed number of arguments. */

static inline int flock_git_set_search_path(git_config_level_t level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, (int)level, path);
}
