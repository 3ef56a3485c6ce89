#pragma once

#include <git2.h>

/* git_libgit2_opts is variadic, which Swift does not import; these are its calls with a fixed number of arguments. */

static inline int flock_git_set_search_path(git_config_level_t level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, (int)level, path);
}

static inline int flock_git_enable_fsync(void) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

static inline int flock_git_set_cache_size(ssize_t bytes) {
    return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, bytes);
}

/* Debian's security update of 1.5.1 added GIT_OPT_SET_PACK_MAX_OBJECT_SIZE as the option after
 * GIT_OPT_SET_OWNER_VALIDATION and its getter. A library without it says that it does not know the option; in other
 * versions the number means something else. */
static inline int flock_git_set_pack_max_object_size(size_t bytes) {
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR == 5
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION + 2, bytes);
#else
    (void)bytes;
    return -1;
#endif
}
