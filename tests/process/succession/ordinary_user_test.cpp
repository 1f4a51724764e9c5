// Of a user without rights the kernel counts the descriptors under way, which the vault's are.
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bulkhead/bulkhead.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"

using bulkhead::queue;
using bulkhead_test::soon;

namespace {

constexpr rlim_t soft_limit = 1024;  // as a user's is; fewer than the vault holds
constexpr std::size_t mailboxes = 400;

bool become_ordinary() {
  constexpr uid_t nobody = 65534;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = soft_limit;
  // After the change the process counts as one that is not to be looked into.
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && ::setgroups(0, nullptr) == 0 &&
         ::setresgid(nobody, nobody, nobody) == 0 && ::setresuid(nobody, nobody, nobody) == 0 &&
         ::prctl(PR_SET_DUMPABLE, 1) == 0;
}

// @returns what went wrong; nullptr: nothing.
const char* outlive_a_keeper() {
  bulkhead::runtime rt;
  std::vector<queue<int>> all;
  for (std::size_t n = 0; n < mailboxes; ++n) all.emplace_back(rt);
  all.back().send(1);
  if (!bulkhead_test::replace_keeper()) return "no keeper followed";
  if (all.back().receive_for(soon) != 1) return "a message is lost";
  queue<int> another{rt};
  another.send(2);
  if (another.receive_for(soon) != 2) return "a new queue does not work";
  const auto child = rt.spawn([](queue<int> to) { to.send(3); }, all.front());
  if (all.front().receive_for(soon) != 3) return "a queue was not handed on to a child";
  return child.join_for(soon) ? nullptr : "the child does not end";
}

// Whatever sends descriptors: a start with streams of its own, publishing, attaching.
const char* use_descriptors() {
  const bulkhead_test::folder f;
  bulkhead::runtime rt;
  std::vector<queue<int>> all;
  for (std::size_t n = 0; n < mailboxes; ++n) all.emplace_back(rt);
  queue<std::string> lines{rt};
  const auto captured = bulkhead::stream::lines(
      [lines](const bulkhead::output_line& line) mutable { lines.send(line.text); });
  const auto talker =
      rt.spawn({.streams = {.out = captured}}, [] { static_cast<void>(std::puts("hello")); });
  if (lines.receive_for(soon) != "hello") return "a child's output was not captured";
  const auto open = bulkhead::publish(rt, f.path("q"), all.front());
  bulkhead::runtime other;
  auto there = bulkhead::attach<queue<int>>(other, f.path("q"));
  there.send(4);
  if (all.front().receive_for(soon) != 4) return "what an attached runtime sent did not come";
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur == soft_limit ? nullptr : "the host's limit was changed";
}

// Runs `work` in a process of an ordinary user. @returns its exit status: 0 when all went well.
int as_ordinary_user(const char* (*work)()) {
  const pid_t host = ::fork();
  if (host == 0) {
    bulkhead_test::mark_host();
    const char* why = "it stays root";
    try {
      if (become_ordinary()) why = work();
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "the ordinary user's host: %s\n", failure.what());
      why = "an exception";
    }
    if (why != nullptr) std::fprintf(stderr, "the ordinary user's host: %s\n", why);
    ::_exit(why == nullptr ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(host, &status, 0) == host);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("the host of an ordinary user with many mailboxes outlives its keeper",
          "[succession][crash]") {
  if (::geteuid() != 0) SUCCEED("runs as root only, who can become another user");
  if (::geteuid() == 0) CHECK(as_ordinary_user(outlive_a_keeper) == 0);
}

TEST_CASE("an ordinary user with many mailboxes starts, publishes and attaches", "[succession]") {
  if (::geteuid() != 0) SUCCEED("runs as root only, who can become another user");
  if (::geteuid() == 0) CHECK(as_ordinary_user(use_descriptors) == 0);
}
