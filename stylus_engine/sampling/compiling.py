"""`torch.compile` over the blocks that a denoiser repeats, and the way back when there is no compiler.

Blocks of one shape share what was compiled, so a network costs as many compilations as it has shapes,
not layers.  What a block may not have is a hook: torch 2.13 leaves forward hooks out of what a
compiled block depends on, so adapters put on later were silently not drawn; told to heed them
it compiles anew for every set of adapters (docs/decisions.md, 2026-11-28).
"""

# torch._dynamo and torch.compile say little of their types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import logging
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

import torch
from torch import nn
from torch._dynamo.backends.registry import lookup_backend
from torch._dynamo.exc import BackendCompilerFailed, TorchDynamoException

LOG = logging.getLogger("stylus.compiling")
BLOCKS = frozenset(
    {
        "BasicTransformerBlock",
        "FluxSingleTransformerBlock",
        "FluxTransformerBlock",
        "JointTransformerBlock",
        "ZImageTransformerBlock",
    }
)  # diffusers' names, by class: `_repeated_blocks` says nothing for SD 3
MOST = 256  # of what was compiled is kept for one class of blocks; whatever else comes is drawn as it is
Backend: TypeAlias = str | Callable[..., Any]


def repeated(module: nn.Module) -> Mapping[str, nn.Module]:
    """The blocks that can be compiled, by path: adapters find nothing but plain linear layers in them."""
    return {
        path: each
        for path, each in _named(module)
        if type(each).__name__ in BLOCKS and all(_plain(inner) for _, inner in _named(each))
    }


def linear(blocks: Mapping[str, nn.Module]) -> Mapping[str, nn.Linear]:
    """The linear layers in blocks, by path."""
    inside = ((f"{path}.{inner}", each) for path in blocks for inner, each in _named(blocks[path]))
    return {path: each for path, each in inside if isinstance(each, nn.Linear)}


def _named(module: nn.Module) -> Iterable[tuple[str, nn.Module]]:
    return cast("Iterable[tuple[str, nn.Module]]", module.named_modules())


def _plain(module: nn.Module) -> bool:
    return type(module) is nn.Linear or not isinstance(module, nn.Linear | nn.Conv2d)


def inductor(graph: Any, inputs: Any) -> Any:  # noqa: ANN401 - as torch calls backends
    """Torch's own backend; its advice to developers stays with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lookup_backend("inductor")(graph, inputs)


def _in_our_words(record: logging.LogRecord) -> bool:
    """Whether it may be logged as it is: that the room for compilations is full is said plainly."""
    if "recompile_limit" not in record.getMessage():
        return True
    LOG.warning(
        "More shapes than %d were asked of compiled blocks; new ones run as they are.", MOST
    )
    return False


class Compiler:
    """Makes blocks run compiled, until it fails: then it says so once, and they run as they are.

    What is compiled is kept for the process by torch, by shapes: of the block, of what
    comes in, of the branches.
    """

    def __init__(self, backend: Backend = inductor) -> None:
        logging.getLogger("torch._dynamo.convert_frame").addFilter(_in_our_words)
        self.failed = False
        self._backend = backend

    def fitted(self, block: nn.Module) -> "Fitted":
        """The block's forward, compiled when it is first called."""
        settings: Any = {"backend": self._backend, "dynamic": False, "recompile_limit": MOST}
        return Fitted(self, block, torch.compile(block.forward, **settings))

    def give_up(self, why: str) -> None:
        """From now on nothing is compiled."""
        if not self.failed:
            LOG.warning("Pictures are drawn without torch.compile: %s", why)
        self.failed = True


def tried(device: torch.device) -> str:
    """Why nothing can be compiled for a device, "" = a small block was.

    Tried, not looked for: a compiler may be there and its headers not.
    """
    try:
        block: Callable[..., Any] = nn.Sequential(nn.Linear(8, 8), nn.GELU()).to(device)
        compiled = torch.compile(block, backend=inductor, dynamic=False)
        with torch.inference_mode():
            compiled(torch.ones(8, 8, device=device))
    except torch.OutOfMemoryError:
        return "the device is full; try again when nothing draws"
    except TorchDynamoException as error:
        return _sentence(error)
    return ""


class Fitted:
    """Takes the place of a block's forward, and gives it back."""

    def __init__(self, compiler: Compiler, block: nn.Module, compiled: Callable[..., Any]) -> None:
        self._compiler = compiler
        self._block = block
        self._plain: Callable[..., Any] = block.forward
        self._compiled = compiled

    def put_on(self) -> None:
        """The block runs compiled."""
        self._block.forward = self

    def remove(self) -> None:
        """The block is as it was."""
        if "forward" in vars(self._block):
            del self._block.forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as blocks have it
        """What the block says. A block changes nothing outside itself, so it may be asked again."""
        if not self._compiler.failed:
            try:
                return self._compiled(*args, **kwargs)
            except TorchDynamoException as error:
                self._compiler.give_up(_sentence(error))
        return self._plain(*args, **kwargs)


def _sentence(error: TorchDynamoException) -> str:
    """What went wrong, its first line; the others are advice to torch's developers."""
    within = error.inner_exception if isinstance(error, BackendCompilerFailed) else error
    first = next(iter(str(within).strip().splitlines()), "")
    return f"{type(within).__name__}: {first}"[:300]
