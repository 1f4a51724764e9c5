// The program's file is moved, deleted or replaced while the program runs: whatever it starts from
// then on is still itself.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "os/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"

namespace fs = std::filesystem;

namespace {

/// A copy of this program that runs as changed_host.
class running {
 public:
  running(const fs::path& program, const char* when) {
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::execl(program.c_str(), program.c_str(), "--host", when, nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    out_.reset(out[0]);
  }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() {
    if (pid_ != 0) ::kill(pid_, SIGKILL);
    if (pid_ != 0) ::waitpid(pid_, nullptr, 0);
  }

  std::string line() {
    std::string text;
    for (char c = 0;;) {
      pollfd readable{out_.get(), POLLIN, 0};
      if (::poll(&readable, 1, 60'000) != 1 || ::read(out_.get(), &c, 1) != 1 || c == '\n') {
        return text;
      }
      text += c;
    }
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
  bulkhead::os::unique_fd out_;
};

}  // namespace

TEST_CASE("a program whose file is changed while it runs starts children of its own version",
          "[process][program]") {
  const std::string when = GENERATE("before", "after");
  const std::string what = GENERATE("moved", "deleted", "replaced by another program");
  const bulkhead_test::folder here;
  const fs::path program = here.root() / "program";
  fs::copy_file(fs::read_symlink("/proc/self/exe"), program);
  running host(program, when.c_str());
  if (when == "before") CHECK(host.line() == "2");
  REQUIRE(host.line() == "begins");
  INFO("its file is " << what << ", " << when << " its first child");
  if (what == "moved") {
    fs::rename(program, here.root() / "moved");
  } else if (what == "deleted") {
    fs::remove(program);
  } else {
    fs::copy_file("/bin/true", here.root() / "other");
    fs::rename(here.root() / "other", program);
  }
  CHECK(host.line() == "3");
  CHECK(host.line() == "4");
  CHECK(host.wait() == 0);
}
