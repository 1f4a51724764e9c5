#pragma once

#include <atomic>
#include <bulkhead/errc.hpp>
#include <mutex>

#include "os/channel.hpp"

namespace bulkhead::os {

/// Where a line comes from when the one before is gone.
class line_source {
 public:
  /// @returns a line to another keeper, which knows what the last one had carried out.
  /// @errors what says why there is none.
  virtual channel next() = 0;
  /// Whether who talked over `line` is gone. That the line has not hung up yet proves nothing.
  [[nodiscard]] virtual bool is_gone(const channel& line);

 protected:
  ~line_source() = default;
};

/// This process's line to the keeper: a request, its reply. Any thread may ask; one after the other
/// is served.
class keeper_link {
 public:
  /// @limits when_gone: what is reported when the keeper is gone.
  explicit keeper_link(channel line, errc when_gone = errc::peer_crashed) noexcept
      : when_gone_(when_gone), line_(std::move(line)) {}
  explicit keeper_link(unique_fd socket) noexcept : keeper_link(channel(std::move(socket))) {}

  /// Asks and waits for the reply.
  /// @returns the reply; its descriptors go to `got`, where given.
  /// @errors bulkhead::error with what the keeper answered, an errc or a system error (no memory,
  /// no descriptors), and its sentence; when_gone: the keeper is gone, and no other follows it;
  /// runtime_gone: we have shut the line down.
  template <class Reply, class Body>
  Reply ask(control::kind kind, const Body& body, std::vector<unique_fd>* got = nullptr,
            std::span<const int> descriptors = {}) {
    datagram answer = exchange(kind, encode_all(body), descriptors);
    Reply reply;
    if (!answer.read(reply)) throw_garbage();
    if (got != nullptr) *got = std::move(answer.descriptors);
    return reply;
  }

  /// Sends without waiting for a reply, which the keeper must not give to this kind: last_words.
  template <class Body>
  std::error_code tell(control::kind kind, const Body& body) {
    const std::lock_guard lock(mutex_);
    return line_.send(kind, body);
  }

  /// From now on another keeper may follow this one: requests that it left without a reply are
  /// asked again. Once, before others use the link. @owns `source` outlives it, or its shut_down.
  void set_source(line_source* source) noexcept { source_ = source; }
  /// Sees to it that there is a keeper, where another may follow. @errors the source's.
  void renew_if_gone();

  /// Ends the line for all that hold it: the keeper then ends what this process started, and no
  /// other follows it.
  void shut_down() noexcept;

  [[nodiscard]] int fd() const noexcept { return line_.fd(); }
  /// Another descriptor of the present line, to watch it. @errors std::system_error.
  [[nodiscard]] unique_fd duplicate_line();

 private:
  datagram exchange(control::kind kind, std::span<const std::byte> body,
                    std::span<const int> descriptors);
  [[noreturn]] static void throw_garbage();
  [[noreturn]] void throw_gone() const;

  bool ask_once(control::header head, std::span<const std::byte> body,
                std::span<const int> descriptors, datagram& answer);
  [[nodiscard]] std::int32_t next_number() noexcept;
  void take_next_line();

  errc when_gone_;
  std::mutex mutex_;
  std::mutex line_mutex_;  // where the line is another: shut_down must not wait for a request
  channel line_;
  line_source* source_ = nullptr;
  std::atomic<bool> is_over_{false};
  std::int32_t last_number_ = 0;
};

/// What became of a child: it entered its function, called ready, hangs, waits as a spare, or
/// ended.
struct child_event {
  control::kind what{};
  control::exited event;  ///< But for the last, only its serial and pid.
};

/// The next event of an event socket that `subscribe` gave.
/// @returns nothing, ended or garbage as receive_until does; received: `out` is set.
receive_result next_event(channel& events, child_event& out, deadline until = {});

}  // namespace bulkhead::os
