/** How many pictures of each variant a report shows: four of each class of the embedded model. */
export const SHOWN = 48;
