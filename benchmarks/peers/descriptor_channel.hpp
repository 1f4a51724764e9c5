#pragma once

#include <unistd.h>
#include <cerrno>
#include <system_error>

#include "common/cast.hpp"

namespace bench {

/// Messages through a pair of descriptors that `Open` makes: one write and one read each, more
/// where the kernel gives less.
template <class Message, int (*Open)(int (&)[2])>
class descriptor_channel {
 public:
  descriptor_channel(const job&, unsigned) {
    if (Open(fds_) != 0) throw std::system_error(errno, std::generic_category(), "no channel");
  }

  class end {
   public:
    explicit end(int fd) : fd_(fd) {}
    void send(const Message& m) {
      const auto* from = reinterpret_cast<const char*>(&m);
      for (std::size_t done = 0; done < sizeof m;) {
        done += checked(write(fd_, from + done, sizeof m - done));
      }
    }
    void receive(Message& m) {
      auto* to = reinterpret_cast<char*>(&m);
      for (std::size_t done = 0; done < sizeof m;) {
        done += checked(read(fd_, to + done, sizeof m - done));
      }
    }

   private:
    static std::size_t checked(ssize_t done) {
      if (done <= 0) throw std::system_error(errno, std::generic_category(), "no more");
      return static_cast<std::size_t>(done);
    }
    int fd_;
  };
  end sender(unsigned) { return end(fds_[1]); }
  end receiver(unsigned) { return end(fds_[0]); }

 private:
  int fds_[2];
};

}  // namespace bench
