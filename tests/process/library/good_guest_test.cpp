#include <sys/wait.h>
#include <string>

#include "process/library/hosts.hpp"
#include "support/catch.hpp"

// G7: the library works in programs that know nothing of it, and leaves them as they are.
TEST_CASE("the library works in a host that does as it likes", "[process][guest]") {
  const std::string guest =
      GENERATE(as<std::string>(), "reaps any child", "ignores SIGCHLD", "blocks all signals",
               "has threads", "runs its own loop", "holds 1 GiB", "holds 10000 descriptors",
               "has no standard streams", "forks itself", "has two runtimes", "reaps for others");
  bulkhead_test::host host(guest);
  const int status = host.wait();
  INFO(guest << ": " << host.errors());
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("1000 runtimes in a row leave nothing behind", "[process][guest]") {
  bulkhead_test::host host("starts 1000 runtimes");
  const int status = host.wait();
  INFO(host.errors());
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
