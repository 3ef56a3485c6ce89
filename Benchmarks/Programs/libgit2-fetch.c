/* Fetches a branch into a bare repository with libgit2's own transport, and prints the milliseconds.
 *
 *   libgit2-fetch URL REPOSITORY BRANCH */
#include <git2.h>
#include <stdio.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int check(int status) {
    if (status < 0) fprintf(stderr, "%s\n", git_error_last() ? git_error_last()->message : "libgit2 failed");
    return status < 0;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    double start = now();
    git_libgit2_init();
    for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    git_repository *repository;
    if (git_repository_open_bare(&repository, arguments[2]) < 0
        && check(git_repository_init(&repository, arguments[2], 1))) return 1;
    git_remote *remote;
    if (check(git_remote_create_anonymous(&remote, repository, arguments[1]))) return 1;
    char spec[256];
    snprintf(spec, sizeof spec, "+refs/heads/%s:refs/heads/%s", arguments[3], arguments[3]);
    char *specs[] = {spec};
    git_strarray list = {specs, 1};
    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    if (check(git_remote_fetch(remote, &list, &options, NULL))) return 1;
    printf("%f\n", now() - start);
    return 0;
}
