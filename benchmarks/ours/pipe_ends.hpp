#pragma once

#include <bulkhead/bulkhead.hpp>
#include <vector>

#include "common/message.hpp"

namespace bench {

// How the roles of roles.hpp use a pipe.

template <class Message>
using end_of = bulkhead::pipe_end<Message, Message>;

template <class Message>
class pipe_sender {
 public:
  explicit pipe_sender(const end_of<Message>& end) : end_(&end) {}
  void send(const Message& m) { end_->send(m); }

 private:
  const end_of<Message>* end_;
};

template <class Message>
class pipe_receiver {
 public:
  explicit pipe_receiver(const end_of<Message>& end) : end_(&end) {}
  void receive(Message& m) { m = end_->receive(); }
  template <class Visit>
  bool with(Visit visit) {
    const Message m = end_->receive();
    return visit(m);
  }

 private:
  const end_of<Message>* end_;
};

inline constexpr std::size_t pipe_batch = 64;

template <class Message>
class pipe_batch_sender {
 public:
  explicit pipe_batch_sender(const end_of<Message>& end) : end_(&end) { held_.reserve(pipe_batch); }
  void send(const Message& m) {
    held_.push_back(m);
    if (held_.size() == pipe_batch) flush();
  }
  void flush() {
    end_->send_batch(held_);
    held_.clear();
  }

 private:
  const end_of<Message>* end_;
  std::vector<Message> held_;
};

template <class Message>
class pipe_batch_receiver {
 public:
  explicit pipe_batch_receiver(const end_of<Message>& end) : end_(&end) {}
  template <class Visit>
  bool with(Visit visit) {
    if (next_ == batch_.size()) {
      std::error_code ec;
      next_ = 0;
      if (end_->receive_batch(pipe_batch, batch_, ec) == 0) return false;
    }
    return visit(batch_[next_++]);
  }

 private:
  const end_of<Message>* end_;
  std::vector<Message> batch_;
  std::size_t next_ = 0;
};

}  // namespace bench
