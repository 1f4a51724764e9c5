#pragma once

#include <bulkhead/detail/async_line.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <memory>

#include "core/pipe_alarm.hpp"
#include "core/pipe_reader.hpp"
#include "core/pipe_writer.hpp"
#include "heart.hpp"
#include "os/pipe_memory.hpp"
#include "pipe_lock.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {

class process_context;

/// What else ends a wait for a message.
class wait_break {
 public:
  /// Looked at whenever no message is there, with the receiving side locked.
  [[nodiscard]] virtual bool is_due() const noexcept = 0;

 protected:
  ~wait_break() = default;
};

/// Where the tails are noted that publish a message, or its last and its first piece, before they
/// do. None: nobody wants to know.
struct piece_places {
  std::atomic<std::uint64_t>* whole = nullptr;  ///< The first piece's, when the last is published.
  std::atomic<std::uint64_t>* first = nullptr;
};

/// What this process knows of one end of a pipe: the mapped segment, and the private halves of both
/// directions. When its last handle goes, the end is closed, unless it was passed on.
///
/// Lock order: the process's lock for messages with endpoints (process_context::carrying), the
/// sending side, the receiving side. Under that first one alone a thread may have the sides of
/// several ends: of the one that it sends to, and of those that it sends.
class pipe_state {
 public:
  /// @limits id: the end's name (os::control::pipe_bit).
  pipe_state(std::shared_ptr<process_context> context, std::uint64_t id, std::string name,
             std::shared_ptr<os::pipe_memory> memory);
  pipe_state(const pipe_state&) = delete;
  pipe_state& operator=(const pipe_state&) = delete;
  ~pipe_state();

  status reserve(std::size_t size, patience how_long, pipe_place& out);
  status publish(pipe_place& place);
  /// The tail that publishes the place that the caller holds.
  [[nodiscard]] std::uint64_t next_tail() const noexcept { return writer_.next_tail(); }
  void unlock_sender(bool gated);
  status send_pieces(std::span<const std::byte> head, std::span<const std::byte> body,
                     patience how_long, const std::vector<std::uint64_t>& names = {},
                     const piece_places& noted = {});
  status send_naming(std::span<const std::byte> bytes, const std::vector<std::uint64_t>& names,
                     patience how_long, const piece_places& noted = {});
  status after_send();
  status lend_place(std::size_t size, patience how_long, std::byte*& out);
  status return_place(bool send);
  /// Wakes threads of ours that wait because another of ours was at it.
  void wake_own_senders();
  void wake_own_receivers();

  status take(patience how_long, pipe_message& out, bool tell_restart = true) {
    return take_or(nullptr, how_long, out, tell_restart);
  }
  /// The same, but `other` ends the wait as well: then it is no error, and there is no message.
  status take_or(const wait_break* other, patience how_long, pipe_message& out,
                 bool tell_restart = true);
  void finish(pipe_message& message);
  void unlock_receiver(bool gated);
  status poll(patience how_long);
  void after_receive();
  status lend_message(patience how_long, std::span<const std::byte>& out);
  void return_message();

  status mark_corrupt();
  void close();
  /// Lets all waits look again: this process is asked to stop, or the pipe's owner has ended.
  void rouse();
  /// The end goes away in a message: no call of this process gets at it from now on.
  /// @errors full: a loan, or a message in pieces is under way; closed.
  status depart();
  /// It was not sent after all.
  void come_back();
  [[nodiscard]] bool has_departed() const noexcept {
    return departed_.load(std::memory_order_acquire);
  }

  /// A message that goes out in pieces: what is left of it.
  struct outgoing {
    std::span<const std::byte> head;
    std::span<const std::byte> body;
    std::uint32_t restarts = 0;  // of the peer, when it began
    std::size_t in_all = 0;
    bool begun = false;
    std::vector<std::uint64_t> names{};  // of the endpoints in it
    piece_places noted{};
    std::uint64_t first = 0;  // the tail that published its first piece
    bool waits = true;        // false: who sends it goes on, also where the process is to stop
  };
  [[nodiscard]] outgoing begin_pieces(std::span<const std::byte> head,
                                      std::span<const std::byte> body) const;
  /// Sends what there is room for.
  attempt_result try_pieces(outgoing& message);
  /// Waits for room; full, timed_out: the rest is left to another call.
  status push_pieces(outgoing& message, patience how_long);
  /// Always the last step, also where the message is given up.
  void end_pieces(outgoing& message);

  /// For those that wait for descriptors: the end's eventfd is rung at its next message, or when
  /// there is room to send, or at its end.
  void announce_bell(bool sending = false) {
    (sending ? sending_ : receiving_).announce_bell();
    watched_.store(true, std::memory_order_relaxed);
  }
  /// @errors std::system_error: no descriptors.
  [[nodiscard]] int bell() const { return memory_->kept().bell(static_cast<int>(end_)); }

  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t whole_bytes_max() const noexcept { return writer_.whole_bytes_max(); }
  [[nodiscard]] pipe_ports& ports() noexcept { return *ports_; }
  [[nodiscard]] const core::pipe_view& view() const noexcept { return memory_->view(); }
  [[nodiscard]] std::uint32_t end() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] process_context& context() const noexcept { return *context_; }

  /// Asynchronous operations that wait, by their line.
  std::atomic<std::uint32_t> async_waiting[async_lines]{};

 private:
  status check_alive() const;
  status peer_error() const;
  bool reserve_by_gate(std::size_t size, pipe_place& out);
  bool take_by_gate(bool waits, pipe_message& out);
  attempt_result try_reserve(std::size_t size, bool waits, pipe_place& out);
  attempt_result try_naming(std::span<const std::byte> bytes,
                            const std::vector<std::uint64_t>& names, bool waits,
                            const piece_places& noted);
  std::unique_lock<std::mutex> lock_carrying(const std::vector<std::uint64_t>& names);
  status carry(const std::vector<std::uint64_t>& names);
  void take_back(std::uint64_t place, const std::vector<std::uint64_t>& names);
  attempt_result try_find(bool waits, bool look_only);
  attempt_result waited(bool waits);

  std::shared_ptr<process_context> context_;
  std::uint64_t id_;
  std::uint32_t end_;
  std::string name_;
  std::shared_ptr<os::pipe_memory> memory_;
  std::unique_ptr<os::wiped_page> page_;
  pipe_ports* ports_;
  watched_gates gates_;
  core::pipe_alarm receiving_;  // our own sleepers
  core::pipe_alarm sending_;
  core::pipe_alarm peer_receiving_;  // the other end's
  core::pipe_alarm peer_sending_;
  pipe_lock send_lock_;
  pipe_lock receive_lock_;
  core::pipe_writer writer_;
  core::pipe_reader reader_;
  waiting_room senders_;
  waiting_room receivers_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> departed_{false};  // then it is closed as well
  std::atomic<bool> watched_{false};   // somebody here waits, or waited, for the eventfd
  bool streaming_ = false;             // a message goes out in pieces; guarded by send_lock_
};

}  // namespace bulkhead::detail
