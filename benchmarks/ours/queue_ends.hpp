#pragma once

#include <bulkhead/bulkhead.hpp>
#include <vector>

namespace bench {

// How the roles of roles.hpp use a queue. The queue's copy in the delivery is the copy that is
// asked for: it is looked at there.

template <class Message>
class plain_sender {
 public:
  explicit plain_sender(const bulkhead::queue<Message>& q) : q_(&q) {}
  void send(const Message& m) { q_->send(m); }
  void close() { q_->close(); }

 private:
  const bulkhead::queue<Message>* q_;
};

template <class Message>
class take_receiver {
 public:
  explicit take_receiver(const bulkhead::queue<Message>& q) : q_(&q) {}
  template <class Visit>
  bool with(Visit visit) {
    std::error_code ec;
    auto d = q_->take(ec);
    if (!d) return false;
    const bool go_on = visit(*d);
    d.ack();
    return go_on;
  }

 private:
  const bulkhead::queue<Message>* q_;
};

template <class Message>
class receive_receiver {
 public:
  explicit receive_receiver(const bulkhead::queue<Message>& q) : q_(&q) {}
  template <class Visit>
  bool with(Visit visit) {
    std::error_code ec;
    const Message m = q_->receive(ec);
    return !ec && visit(m);
  }

 private:
  const bulkhead::queue<Message>* q_;
};

/// Copies out, as a round trip's side does that sends the same message on.
template <class Message>
class copy_receiver {
 public:
  explicit copy_receiver(const bulkhead::queue<Message>& q) : q_(&q) {}
  void receive(Message& m) { m = q_->receive(); }

 private:
  const bulkhead::queue<Message>* q_;
};

/// Becomes true with the queue's batches.
template <class Message>
concept has_batches = requires(const bulkhead::queue<Message>& q, std::vector<Message>& v) {
  q.send_batch(v);
  q.take_batch(64);
};

inline constexpr std::size_t batch_size = 64;

template <class Message>
class batch_sender {
 public:
  explicit batch_sender(const bulkhead::queue<Message>& q) : q_(&q) { held_.reserve(batch_size); }
  void send(const Message& m) {
    held_.push_back(m);
    if (held_.size() == batch_size) flush();
  }
  void flush() {
    if (!held_.empty()) q_->send_batch(held_);
    held_.clear();
  }
  void close() { q_->close(); }

 private:
  const bulkhead::queue<Message>* q_;
  std::vector<Message> held_;
};

template <class Message>
class batch_receiver {
 public:
  explicit batch_receiver(const bulkhead::queue<Message>& q) : q_(&q) {}
  template <class Visit>
  bool with(Visit visit) {
    if (next_ == batch_.size()) {
      std::error_code ec;
      batch_ = q_->take_batch(batch_size, ec);
      next_ = 0;
      if (batch_.empty()) return false;
    }
    auto& d = batch_[next_++];
    const bool go_on = visit(*d);
    d.ack();
    return go_on;
  }

 private:
  const bulkhead::queue<Message>* q_;
  std::vector<bulkhead::delivery<Message>> batch_;
  std::size_t next_ = 0;
};

}  // namespace bench
