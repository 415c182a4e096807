"""Where people get the weights of the feature extractors; read by the listing, so nothing heavy."""

#: The Inception network of 2015 that FID is defined by, as pytorch-fid ported it from TensorFlow.
INCEPTION = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth"
)
