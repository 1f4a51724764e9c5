#include "process/attach/programs.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace bulkhead_test {

peer::peer(std::vector<std::string> arguments, uid_t user) {
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "attach_peer";
  arguments.insert(arguments.begin(), program.string());
  std::vector<char*> pointers;
  for (std::string& text : arguments) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    const bool is_user =
        user == 0 || (setgroups(0, nullptr) == 0 && setgid(user) == 0 && setuid(user) == 0);
    if (is_user) execv(pointers[0], pointers.data());
    _exit(127);
  }
  close(out[1]);
  out_ = out[0];
}

peer::~peer() {
  if (pid_ != 0) kill();
  close(out_);
}

std::string peer::line() {
  std::string text;
  for (char c = 0;;) {
    pollfd readable{out_, POLLIN, 0};
    if (poll(&readable, 1, 20'000) != 1 || read(out_, &c, 1) != 1 || c == '\n') return text;
    text += c;
  }
}

void peer::kill() {
  ::kill(pid_, SIGKILL);
  wait();
}

int peer::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return status;
}

}  // namespace bulkhead_test
