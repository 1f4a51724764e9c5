#pragma once

#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/pipe.hpp>
#include <optional>
#include <utility>
#include <vector>

// What the steps of a pipe end's asynchronous calls have in common.
namespace bulkhead::detail {

/// A message larger than the ring, that goes out bit by bit as there is room. Destroyed before its
/// end it was never sent.
class piece_sender {
 public:
  /// @limits names: of the endpoints in it.
  piece_sender(std::weak_ptr<pipe_state> pipe, std::vector<std::byte> bytes,
               std::vector<std::uint64_t> names);
  piece_sender(piece_sender&&) noexcept;
  piece_sender& operator=(piece_sender&&) noexcept;
  ~piece_sender();

  /// Sends what there is room for. @returns true: that was the rest, or an error.
  bool attempt(std::error_code& ec);

 private:
  struct progress;
  std::unique_ptr<progress> progress_;
};

// Why a call on an end must not even try; none: it may. Then `pipe` is the end, for this try.
[[nodiscard]] std::error_code obstacle_to_use(const std::weak_ptr<pipe_state>& end, bool was_there,
                                              pipe_core& pipe);
[[nodiscard]] std::error_code obstacle_to_wait(const pipe_core& pipe);

class pipe_step {
 public:
  static constexpr bool together = true;

  pipe_step(const pipe_core& pipe, async_line line)
      : end_(pipe.state()), was_there_(pipe.state() != nullptr), line_(line) {}

  [[nodiscard]] async_home home() const { return home_of(end_.lock()); }
  [[nodiscard]] bool others_wait() const { return detail::others_wait(source()); }
  [[nodiscard]] std::vector<async_source> sources() const { return {source()}; }
  [[nodiscard]] static auto look_again() { return async_operation::time_point::max(); }

 protected:
  [[nodiscard]] std::error_code obstacle(pipe_core& pipe) const {
    return obstacle_to_use(end_, was_there_, pipe);
  }
  [[nodiscard]] const std::weak_ptr<pipe_state>& end() const noexcept { return end_; }

 private:
  [[nodiscard]] async_source source() const {
    async_source s;
    s.pipe = end_;
    s.line = line_;
    return s;
  }

  std::weak_ptr<pipe_state> end_;
  bool was_there_;
  async_line line_;
};

/// One message after the other, each tried until it is sent.
template <class Out, class In>
class pipe_sending_step : public pipe_step {
 protected:
  explicit pipe_sending_step(const pipe_end<Out, In>& to)
      : pipe_step(to.core(), async_line::sends) {}

  /// @returns true: it is sent, or an error.
  bool attempt_one(const Out& value, std::error_code& ec) {
    if (pieces_) return attempt_pieces(ec);
    pipe_core pipe;
    if (ec = obstacle(pipe); ec) return true;
    const pipe_end<Out, In> to(std::move(pipe));
    if constexpr (!is_slotted<Out>) {
      const std::size_t size = encoded_size(value);
      if (size < oversize && size > to.core().whole_bytes_max()) {
        begin_pieces(value, size);
        return attempt_pieces(ec);
      }
    }
    if (to.try_send(value, ec) || ec) return true;
    ec = obstacle_to_wait(to.core());
    return static_cast<bool>(ec);
  }

 private:
  void begin_pieces(const Out& value, std::size_t size) {
    std::vector<std::byte> bytes(size);
    named_endpoints names;
    encoder into(bytes.data(), &names);
    encode(into, value);
    pieces_.emplace(end(), std::move(bytes), std::move(names.ids()));
  }
  bool attempt_pieces(std::error_code& ec) {
    if (!pieces_->attempt(ec)) return false;
    pieces_.reset();
    return true;
  }

  std::optional<piece_sender> pieces_;
};

}  // namespace bulkhead::detail
